import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { isOn } from '../../src/servers/nginx/queries/effective.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'

const site = (lines: string, listen = '«8080»'): string => conf`
  server {
      listen ${listen};
      server_name _;
      root /usr/share/nginx/html;
      ${lines}
  }
`
const compose = (ports: string): string => conf`
  services:
    web:
      image: nginxinc/nginx-unprivileged
      ports:
        - "${ports}"
      volumes:
        - ./site.conf:/etc/nginx/conf.d/default.conf:ro
`
const TRY = conf`
  location / {
      try_files $uri $uri/ =404;
  }
`

export default defineRule({
  summary: 'Redirects of nginx name the port of its container',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx writes the port that it listens on into its own redirects, such as the one from a directory without a slash. Outside of the container this port is another one, or none at all: the browser is sent to an address where nothing answers.',
  remedy: 'Write `absolute_redirect off`, so that the browser keeps the address it used',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#absolute_redirect',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#port_in_redirect',
  ],
  bad: [
    { title: 'a directory', files: { 'docker-compose.yml': compose('80:8080'), 'site.conf': site(TRY) } },
    {
      title: 'a rewrite',
      files: {
        'docker-compose.yml': compose('127.0.0.1:8001:8080'),
        'site.conf': site('rewrite ^(.+)/$ $1 permanent;'),
      },
    },
  ],
  good: [
    {
      title: 'relative redirects',
      files: {
        'docker-compose.yml': compose('80:8080'),
        'site.conf': site(`absolute_redirect off;\n${TRY}`, '8080'),
      },
    },
    {
      title: 'redirects without a port',
      files: {
        'docker-compose.yml': compose('80:8080'),
        'site.conf': site(`port_in_redirect off;\n${TRY}`, '8080'),
      },
    },
    {
      title: 'one port inside and outside',
      files: { 'docker-compose.yml': compose('8080:8080'), 'site.conf': site(TRY, '8080') },
    },
    {
      title: 'a page in the browser, below which there are scripts and pictures',
      files: {
        'docker-compose.yml': compose('80:8080'),
        'site.conf': site('location / {\n    try_files $uri $uri/ /index.html;\n}', '8080'),
      },
    },
    {
      title: 'nothing that redirects',
      files: {
        'docker-compose.yml': compose('80:8080'),
        'site.conf': site('location / {\n    try_files $uri /index.html;\n}', '8080'),
      },
    },
  ],
  *check({ servers, programOf }) {
    for (const server of servers) {
      const { container } = programOf(server.configuration).machine
      if (container === null) continue
      const redirect = redirectIn(server.directive)
      if (redirect === null || !showsPort(server, redirect)) continue
      for (const { port, tls, directive } of server.listens) {
        if (port === null || directive === null || port === (tls ? 443 : 80)) continue
        const outside = container.service.ports.find(
          ({ target, published }) =>
            target.known &&
            published?.known === true &&
            target.value.first === port &&
            published.value.first !== port,
        )
        if (outside?.published?.known !== true) continue
        yield {
          at: argumentPlace(directive, 0),
          message: `redirects of nginx name port ${port}, and clients come by port ${outside.published.value.first}`,
          label: 'the port of the container',
          related: [
            { at: namePlace(redirect), message: 'this redirects' },
            { at: outside.at, message: 'published here' },
          ],
          help: 'Write `absolute_redirect off`',
        }
      }
    }
  },
})

/** A line by which nginx itself redirects to a path of this server. */
function redirectIn(directive: NginxDirective): NginxDirective | null {
  for (const inner of directive.children) {
    const words = inner.args.map(({ value }) => value)
    // Below the start page of an application with a router there are its scripts and pictures, and no pages.
    const isRouted = /\/index\.html?$/.test(words.at(-1) ?? '')
    if (inner.name === 'try_files' && words.slice(0, -1).includes('$uri/') && !isRouted) return inner
    if (
      inner.name === 'rewrite' &&
      /^(?:permanent|redirect)$/.test(words[2] ?? '') &&
      /^[/$](?!scheme|http)/.test(words[1] ?? '')
    )
      return inner
    if (inner.name === 'return' && /^30[1278]$/.test(words[0] ?? '') && words[1]?.startsWith('/') === true)
      return inner
    if (inner.name === 'location' || inner.name === 'if') {
      const found = redirectIn(inner)
      if (found !== null) return found
    }
  }
  return null
}

function showsPort({ configuration }: NginxServer, redirect: NginxDirective): boolean {
  const scope = redirect.parent
  return ['absolute_redirect', 'port_in_redirect'].every(name => {
    const fact = isOn(configuration, scope, name, true)
    return fact.known && fact.value
  })
}

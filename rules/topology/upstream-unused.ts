import { argumentPlace } from '../../src/deployment/places.ts'
import { isUnknownWord, UNKNOWN } from '../../parsers/text/placeholder.ts'
import { misspeltUpstreams } from './_misspelt-upstream.ts'
import { withoutComments } from '../../parsers/shell/without-comments.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { once } from '../../parsers/collections/once.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { PASSES } from '../../src/servers/nginx/queries/locations.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { upstreams } from '../../src/servers/nginx/queries/upstreams.ts'

const block = (name: string): string => conf`
  upstream ${name} {
      server 127.0.0.1:9000;
  }
`
const server = (target: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass ${target};
      }
  }
`

export default defineRule({
  summary: 'An upstream to which nothing proxies',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'It is left over, or the name in `proxy_pass` is misspelt and means a host of the network instead.',
  remedy: 'Remove the block, or use its name',
  references: ['https://nginx.org/en/docs/http/ngx_http_upstream_module.html#upstream'],
  bad: [
    {
      title: 'another name in proxy_pass',
      files: { 'nginx.conf': `${block('«app»')}${server('http://127.0.0.1:9000')}` },
    },
  ],
  good: [
    {
      title: 'a scheme that a template fills in',
      files: {
        'site.conf.j2': conf`
          upstream pool {
              server 127.0.0.1:9000;
          }
          server {
              listen 80;
              location / {
                  proxy_pass {{ scheme }}://pool;
              }
          }
        `,
      },
    },
    {
      title: 'a path that a template fills in behind the name',
      files: { 'site.conf.tmpl': `${block('app')}${server('http://app{{ getv "/path" }}')}` },
    },
    { title: 'used', files: { 'nginx.conf': `${block('app')}${server('http://app')}` } },
    {
      title: 'named with a port, which nginx refuses',
      files: { 'nginx.conf': `${block('app')}${server('http://app:3000')}` },
    },
    { title: 'chosen by a variable', files: { 'nginx.conf': `${block('app')}${server('http://$backend')}` } },
    {
      title: 'the host of a URL that a variable is given for the files that are included',
      files: {
        'nginx.conf': conf`
          ${block('app')}
          ${block('other')}
          server {
              listen 80;
              set $backend "http://app";
              include sites/locations.conf;
              location /other/ {
                  proxy_pass http://other;
              }
          }
        `,
      },
    },
    { title: 'a file of upstreams alone', files: { 'nginx.conf': block('app') } },
    {
      title: 'a file of the application that was not read, which may use it',
      files: {
        'nginx.conf': conf`
          ${block('app')}
          server {
              listen 80;
              location /livereload {
                  proxy_pass http://127.0.0.1:35729;
              }
              include /srv/shop/nginx[.]conf;
          }
        `,
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.nginx) {
      const { occurrences } = configuration
      const targets = PASSES.flatMap(name => occurrences.get(name) ?? []).map(
        ({ args }) => args[0]?.value ?? '',
      )
      // Without any pass the part that uses them is not here; with a variable each may be meant.
      if (targets.length === 0 || targets.some(target => target.includes('$'))) continue
      if (mayHoldUnread(configuration, 'proxy_pass')) continue
      // One that is named with a port is refused by nginx, and is no useless one.
      const used = new Set(targets.map(usedName).flatMap(name => [name, name.replace(/:\d+$/, '')]))
      // What a template fills in may be the rest of any name that begins so.
      const begun = [...used].filter(isUnknownWord).map(name => name.slice(0, name.indexOf(UNKNOWN)))
      // A name that is nearly right is the fault of `upstream-undefined`.
      const meant = new Set(misspeltUpstreams(configuration).map(each => each.meant.directive))
      const named = once(() => hostsInValues(deployment, configuration))
      for (const [key, { name, at, directive }] of upstreams(configuration)) {
        if (used.has(key) || meant.has(directive) || begun.some(begin => key.startsWith(begin))) continue
        if (named().has(name.toLowerCase())) continue
        yield {
          at: at ?? argumentPlace(directive, 0),
          message: `nothing proxies to the upstream \`${name}\``,
        }
      }
    }
  },
})

/**
 * The hosts of URLs that variables are given: of the server itself, and in any file of the repository where not all of a
 * server is read.
 */
function hostsInValues(deployment: Deployment, { main, sources }: NginxConfiguration): ReadonlySet<string> {
  return main === null ? hostsAround(deployment) : hostsOf(sources)
}

const hostsAround = memo(({ machines }: Deployment) =>
  hostsOf(machines.flatMap(({ files }) => [...files.sources()])),
)

const hostsOf = memo((sources: readonly Source[]): ReadonlySet<string> => {
  const hosts = new Set<string>()
  for (const { code } of sources) {
    if (!code.includes('//')) continue
    for (const line of withoutComments(code).split('\n')) {
      if (/_pass\s/i.test(line)) continue
      for (const [, host = ''] of line.matchAll(/\/\/([\w.-]+)/g)) hosts.add(host.toLowerCase())
    }
  }
  return hosts
})

/** What stands between the scheme and the path, lower case. */
function usedName(target: string): string {
  // The scheme may be a placeholder of a template.
  const start = /^[^/]+:\/\//.exec(target)?.[0].length ?? 0
  const end = target.indexOf('/', start)
  return target.slice(start, end === -1 ? undefined : end).toLowerCase()
}

import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { type Upstream, upstreams } from '../../src/servers/nginx/queries/upstreams.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { PLATFORMS } from '../_platforms.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass https://shop-backend.azurewebsites.net;
          proxy_ssl_server_name on;
          ${lines}
      }
    `),
  )
const upstream = (lines: string): string =>
  nginxMain(conf`
    upstream heroku {
        server shop-1234.herokuapp.com:443;
    }
    server {
        listen 80;
        server_name example.org;
        location / {
            proxy_pass https://heroku;
            proxy_ssl_server_name on;
            ${lines}
        }
    }
  `)

export default defineRule({
  summary: 'A platform that finds its applications by name is asked for another name',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Azure, Heroku, Cloud Run, Vercel, Netlify, GitHub Pages, S3 and their like hold thousands of applications behind one address, and tell them apart by `Host`. The name of this site is none that they know, unless somebody has told them of it: they answer 404, CloudFront and API Gateway 403.',
  remedy:
    'Send the platform’s own name: `proxy_set_header Host $proxy_host;`, and the site’s in `X-Forwarded-Host`',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header'],
  unproven: 'The platforms are out on the network.',
  bad: [
    {
      title: 'the host of the request',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_set_header Host «$host»;') },
    },
    {
      title: 'the name of an upstream',
      files: { 'etc/nginx/nginx.conf': upstream('').replace('https://heroku;', '«https://heroku»;') },
    },
    {
      title: 'the host of the request, and an upstream',
      files: { 'etc/nginx/nginx.conf': upstream('proxy_set_header Host «$host»;') },
    },
  ],
  good: [
    {
      title: 'an upstream, and the platform’s own name',
      files: {
        'etc/nginx/nginx.conf': upstream('proxy_set_header Host shop-1234.herokuapp.com;'),
      },
    },
    {
      title: 'an upstream that is called as the platform knows it',
      files: {
        'etc/nginx/nginx.conf': upstream('')
          .replaceAll('heroku ', 'shop-1234.herokuapp.com ')
          .replace('https://heroku;', 'https://shop-1234.herokuapp.com;'),
      },
    },
    {
      title: 'members of which one is no platform',
      files: {
        'etc/nginx/nginx.conf': upstream('').replace('    }', '        server 10.0.0.5:443 backup;\n    }'),
      },
    },
    {
      title: 'the platform’s own name',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_set_header Host shop-backend.azurewebsites.net;') },
    },
    { title: 'nginx’s default, which is the same', files: { 'etc/nginx/nginx.conf': nginx('') } },
  ],
  *check({ connections }) {
    for (const connection of connections.http) {
      const { server, block, pass, written, headers } = connection
      const named = /^https?:\/\/([a-z0-9._-]+)/i.exec(written)?.[1]?.toLowerCase() ?? ''
      if (named === '' || headers.open) continue
      const members = upstreams(server.configuration).get(named) ?? null
      const platform = members === null ? named : (memberOfPlatform(members) ?? '')
      if (!PLATFORMS.test(platform)) continue
      const set = headers.written.findLast(({ name }) => name === 'host')
      // Without a line of its own nginx sends what stands in `proxy_pass`: the platform, or the upstream.
      const isOwn = set === undefined || set.value === '$proxy_host'
      if (
        isOwn
          ? PLATFORMS.test(named)
          : !/^\$(?:host|http_host|server_name)(?::\$server_port)?$/.test(set.value)
      )
        continue
      const known = effective(server.configuration, block, 'proxy_set_header')
      if (!known.known) continue
      const asked = isOwn ? `\`${named}\`, the name of the upstream` : 'the name of this site'
      yield {
        at: isOwn ? argumentPlace(pass, 0) : argumentPlace(set.directive, 1),
        message: `\`${platform}\` is asked for ${asked}, by which it knows no application`,
        ...(isOwn ? {} : { related: [{ at: namePlace(pass), message: 'the platform' }] }),
        ...(members === null ? {} : { help: `Write \`proxy_set_header Host ${platform};\`` }),
      }
    }
  },
})

/** The host of an upstream of which every member lies on such a platform; null for any other. */
function memberOfPlatform({ directive, complete }: Upstream): string | null {
  const hosts = directive.children
    .filter(({ name }) => name === 'server')
    .map(({ args }) => (args[0]?.value ?? '').replace(/:\d+$/, '').toLowerCase())
  return complete && hosts.length > 0 && hosts.every(host => PLATFORMS.test(host)) ? (hosts[0] ?? null) : null
}

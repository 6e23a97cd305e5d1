import { argumentPlace, argumentsPlace } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string, location = '/'): string =>
  nginxMain(
    nginxServer(conf`
      location ${location} {
          proxy_pass http://127.0.0.1:9000/portal/;
          ${lines}
      }
    `),
  )

export default defineRule({
  summary: '`proxy_cookie_path` or `proxy_cookie_domain` is written the wrong way round',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'What the backend writes stands first, what clients are to get second. The other way round the backend’s cookies stay below a path that clients never ask for, or grow another one in front: browsers do not send them back, and each click is a new session.',
  remedy: 'Turn the two around: `proxy_cookie_path /portal/ /;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cookie_path'],
  bad: [
    {
      title: 'the path of clients first',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_cookie_path «/ /portal/»;') },
    },
    {
      title: 'between two paths',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_cookie_path «/shop/ /portal/»;', '/shop/') },
    },
    {
      title: 'the name of the server first',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_cookie_domain «example.org 127.0.0.1»;'),
      },
    },
  ],
  good: [
    {
      title: 'the path of the backend first',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_cookie_path /portal/ /;') },
    },
    {
      title: 'the names, and an attribute that is added',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_cookie_domain 127.0.0.1 example.org;
          proxy_cookie_path / "/; HttpOnly";
        `),
      },
    },
    {
      title: 'one path on both sides, and a prefix that the backend does not know',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location /shop/ {
                proxy_pass http://127.0.0.1:9000/;
                proxy_cookie_path / /shop/;
            }
          `),
        ),
      },
    },
  ],
  *check({ nginx: configurations, connections }) {
    const names = ['proxy_cookie_path', 'proxy_cookie_domain'] as const
    if (!configurations.some(({ occurrences }) => names.some(name => occurrences.has(name)))) return
    for (const connection of connections.http) {
      for (const name of names) {
        const lines = effective(connection.server.configuration, connection.block, name)
        if (!lines.known) continue
        for (const line of lines.value.directives) {
          const [from, to, ...more] = line.args.map(({ value }) => value)
          if (from === undefined || to === undefined || more.length > 0) continue
          const isReversed =
            name === 'proxy_cookie_path'
              ? isPathReversed(connection, from, to)
              : isDomainReversed(connection, from, to)
          if (!isReversed) continue
          const at = argumentsPlace(line, 0, 1)
          const [first, second] = [argumentPlace(line, 0), argumentPlace(line, 1)]
          yield {
            at,
            message: `the backend writes \`${to}\`, which stands second, and clients are to get \`${from}\``,
            label: 'the wrong way round',
            related: [{ at: argumentPlace(connection.pass, 0), message: 'the backend' }],
            ...propose('Turn them around', 'unsafe', [
              replacePlace(at, `${placeText(second)} ${placeText(first)}`),
            ]),
          }
        }
      }
    }
  },
})

/** True where the first is the path of the location and the second that of the backend, which is more than `/`. */
function isPathReversed({ block, pass }: NginxConnection, from: string, to: string): boolean {
  const { modifier, name } = readLocation(block)
  if (block.name !== 'location' || (modifier !== '' && modifier !== '^~' && modifier !== '=')) return false
  const theirs = /^https?:\/\/[^/$]+(\/[^$?]*)$/.exec(pass.args[0]?.value ?? '')?.[1]
  if (theirs === undefined) return false
  const [own, backend, first, second] = [name, theirs, from, to].map(path => path.replace(/\/$/, ''))
  return own !== backend && backend !== '' && first === own && second === backend
}

function isDomainReversed({ server, pass }: NginxConnection, from: string, to: string): boolean {
  const host = /^https?:\/\/([^/:$]+)/.exec(pass.args[0]?.value ?? '')?.[1]
  const plain = (name: string): string => name.replace(/^\./, '').replace(/:\d+$/, '').toLowerCase()
  const isOwn = (name: string): boolean => server.names.some(own => own.exact && own.name === plain(name))
  return host !== undefined && plain(to) === host.toLowerCase() && isOwn(from) && !isOwn(to)
}

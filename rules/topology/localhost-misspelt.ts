import type { Place } from '../../parsers/text/source.ts'
import { isSlip } from '../../parsers/text/slip.ts'
import { readCaddyfile } from '../../parsers/caddy/read-caddyfile.ts'
import { caddyfiles } from '../../src/deployment/caddy-fronts.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { upstreams } from '../../src/servers/nginx/queries/upstreams.ts'
import { PASSES } from '../../src/servers/nginx/queries/locations.ts'

const nginx = (pass: string): Record<string, string> => ({
  'nginx.conf': conf`
    server {
        listen 80;
        server_name example.org;
        location / {
            ${pass}
        }
    }
  `,
})
const caddy = (upstream: string): Record<string, string> => ({
  Caddyfile: conf`
    example.org {
        handle /live/* {
            reverse_proxy ${upstream}:3005
        }
    }
  `,
  ...nginx('return 204;'),
})

export default defineRule({
  summary: 'The name `localhost` is misspelt',
  severity: 'error',
  otherSeverities: { warning: 'in `server_name`, where a default server may answer in its place' },
  confidence: 'high',
  since: '0.1.0',
  why: 'No machine is called `locahost`. nginx looks names up when it starts, and ends with `host not found in upstream`; Caddy and Apache answer 502 and 503. As a `server_name` it matches no request.',
  remedy: 'Write `localhost`, or `127.0.0.1`',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass'],
  bad: [
    { title: 'a proxied server', files: nginx('proxy_pass http://«locahost»:9000;') },
    { title: 'two letters in the wrong order', files: nginx('proxy_pass http://«loclahost»:9000/;') },
    { title: 'PHP-FPM', files: nginx('fastcgi_pass «localhos»:9000;') },
    {
      title: 'a server of an upstream',
      files: {
        'nginx.conf': conf`
          upstream app {
              server localhost:9000;
              server «locallhost»:9001;
          }
          server {
              listen 80;
              location / {
                  proxy_pass http://app;
              }
          }
        `,
      },
    },
    {
      title: 'the name of a server',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name «locahost»;
              return 204;
          }
        `,
      },
    },
    { title: 'an upstream of Caddy', files: caddy('«locahost»') },
  ],
  good: [
    { title: 'the name', files: nginx('proxy_pass http://localhost:9000;') },
    { title: 'names of other machines', files: nginx('proxy_pass http://localhost4:9000;') },
    { title: 'a name in a domain', files: nginx('proxy_pass http://locahost.example.org:9000;') },
    { title: 'the name in Caddy', files: caddy('localhost') },
    {
      title: 'an upstream that is called so',
      files: {
        'nginx.conf': conf`
          upstream localhosts {
              server 127.0.0.1:9000;
              server 127.0.0.1:9001;
          }
          server {
              listen 80;
              location / {
                  proxy_pass http://localhosts;
              }
          }
        `,
      },
    },
    {
      title: 'a container that is called so',
      files: {
        'docker-compose.yml': conf`
          services:
            localhosts:
              image: example/app
            nginx:
              image: nginx:1.27
              ports:
                - "80:80"
              volumes:
                - ./nginx.conf:/etc/nginx/conf.d/default.conf:ro
        `,
        ...nginx('proxy_pass http://localhosts:9000;'),
      },
    },
  ],
  *check(deployment) {
    const known = new Set(deployment.machines.flatMap(({ container }) => [...(container?.allNames ?? [])]))
    for (const configuration of deployment.nginx)
      for (const { directive, index, host } of hostsOf(configuration)) {
        if (!isMisspelt(host) || known.has(host.toLowerCase())) continue
        const isName = directive.name === 'server_name'
        yield {
          ...findingAt(argumentPlace(directive, index), host),
          ...(isName && {
            severity: 'warning' as const,
            message: `no request names \`${host}\`, so this \`server_name\` never matches`,
          }),
        }
      }
    for (const { at, host } of upstreamsOfCaddy(deployment))
      if (isMisspelt(host) && !known.has(host)) yield findingAt(at, host)
  },
})

interface Host {
  readonly directive: NginxDirective
  readonly index: number
  readonly host: string
}

/** The hosts that are no names of upstreams, and the names of servers. */
function* hostsOf(configuration: NginxConfiguration): Iterable<Host> {
  const { occurrences } = configuration
  const of = (directive: NginxDirective, index: number): readonly Host[] => {
    const [, host] = /^(?:\w+:\/\/)?([A-Za-z]+)(?:[:/]|$)/.exec(directive.args[index]?.value ?? '') ?? []
    return host === undefined ? [] : [{ directive, index, host }]
  }
  for (const directive of PASSES.flatMap(name => occurrences.get(name) ?? []))
    yield* of(directive, 0).filter(({ host }) => !upstreams(configuration).has(host.toLowerCase()))
  for (const directive of occurrences.get('server') ?? [])
    if (directive.node.block === null) yield* of(directive, 0)
  for (const directive of occurrences.get('server_name') ?? [])
    for (const index of directive.args.keys()) yield* of(directive, index)
}

function upstreamsOfCaddy(deployment: Deployment): readonly { at: Place; host: string }[] {
  return caddyfiles(deployment)
    .flatMap(source => readCaddyfile(source).sites)
    .flatMap(({ proxies }) => proxies)
    .flatMap(({ upstreams: targets }) => targets)
    .flatMap(({ at, host }) => (host === null ? [] : [{ at, host }]))
}

const MEANT = 'localhost'

/** True where a letter is missing, wrong or too many, or two have changed their places. */
function isMisspelt(host: string): boolean {
  const name = host.toLowerCase()
  if (name === MEANT || !/^[a-z]+$/.test(name)) return false
  return (
    isSlip(name, MEANT, 1) ||
    [...MEANT].some(
      (letter, at) => name === `${MEANT.slice(0, at)}${MEANT[at + 1]}${letter}${MEANT.slice(at + 2)}`,
    )
  )
}

function findingAt(word: Place, host: string): RuleFinding {
  const start = word.start + word.source.text.slice(word.start, word.end).indexOf(host)
  const at = { ...word, start, end: start + host.length }
  return {
    at,
    message: `no host is called \`${host}\``,
    label: 'means `localhost`',
    ...propose('Write `localhost`', 'unsafe', [replacePlace(at, MEANT)]),
  }
}

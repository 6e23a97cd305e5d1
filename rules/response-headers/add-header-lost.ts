import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { conditionWords } from '../../src/servers/nginx/queries/conditions.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { passesOn } from '../../src/servers/nginx/queries/locations.ts'
import { externalReachability } from '../../src/servers/nginx/queries/reachability.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain } from '../_examples.ts'
import { servesAssets } from '../_static-assets.ts'
import { type AddedHeader, addedHeaders, toHeader } from './_added-headers.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${lines}
  }
`
const SECURITY = conf`
  add_header X-Frame-Options SAMEORIGIN always;
  add_header X-Content-Type-Options nosniff always;
`

/** What protects the client; of what is lost, these are worth a word. */
const WEIGHTY = new Set([
  'strict-transport-security',
  'content-security-policy',
  'x-frame-options',
  'x-content-type-options',
  'referrer-policy',
  'permissions-policy',
  'cross-origin-opener-policy',
  'cross-origin-embedder-policy',
  'cross-origin-resource-policy',
  'access-control-allow-origin',
])

export default defineRule({
  summary: '`add_header` overrides the headers that are inherited from the enclosing block',
  severity: 'warning',
  otherSeverities: {
    info: 'where style sheets, scripts, pictures and fonts alone are served, `Strict-Transport-Security` or `Referrer-Policy` alone is lost on a part of the site, or `Access-Control-Allow-Origin` alone in front of a backend that may send its own: the location has other `Access-Control-` headers, or a template has backends of several kinds',
  },
  confidence: 'high',
  securitySeverity: 4.3,
  cwe: [693],
  since: '0.1.0',
  why: '`add_header` is inherited only by a block that has none of its own. One line for caching in a location is enough for `Strict-Transport-Security`, `Content-Security-Policy` and their like to be missing from its answers.',
  remedy: 'Repeat the headers in the block, best by a snippet that each block includes',
  references: ['https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header'],
  bad: [
    {
      title: 'one header for caching',
      files: {
        'nginx.conf': site(conf`
          ${SECURITY}
          location /app/ {
              «add_header» Cache-Control "no-cache";
          }
        `),
      },
    },
    {
      title: 'a server that sets another header than http',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              ${SECURITY}
              ${site('«add_header» X-Robots-Tag none;')}
          }
        `,
      },
    },
    {
      title: 'a file that two servers include, of which one has more',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80;
              server_name example.org;
              ${SECURITY}
              include /etc/nginx/pages.conf;
          }
          server {
              listen 80;
              server_name example.net;
              add_header X-Content-Type-Options nosniff always;
              ${SECURITY}
              include /etc/nginx/pages.conf;
          }
        `),
        'etc/nginx/pages.conf': conf`
          location /shop/ {
              root /srv/www;
              «add_header» X-Served-By shop;
          }
        `,
      },
    },
    {
      title: 'a named location that answers for all pages, in a file without its server',
      files: {
        'site.conf': conf`
          add_header Strict-Transport-Security "max-age=15552000";
          location / {
              try_files false @application;
          }
          location @application {
              proxy_pass http://127.0.0.1:9000;
              «add_header» X-Served-By web1;
          }
        `,
      },
    },
    {
      title: 'the answer to a preflight request',
      files: {
        'nginx.conf': site(conf`
          location / {
              add_header Access-Control-Allow-Origin https://app.example.org;
              if ($request_method = OPTIONS) {
                  «add_header» Access-Control-Max-Age 86400;
                  return 204;
              }
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'headers in a file of their own, which nobody sees included, beside locations of another',
      files: {
        'headers.conf': SECURITY,
        'locations.conf': conf`
          location /app/ {
              add_header Cache-Control "no-cache";
              proxy_pass http://127.0.0.1:9000;
          }
        `,
      },
    },
    {
      title: 'a location that every request leaves',
      files: {
        'nginx.conf': site(conf`
          ${SECURITY}
          location /app/ {
              add_header Cache-Control "no-cache";
              rewrite ^/app/(.*)$ /shop/$1;
          }
        `),
      },
    },
    {
      title: 'repeated in the location',
      files: {
        'nginx.conf': site(conf`
          ${SECURITY}
          location /app/ {
              add_header Cache-Control "no-cache";
              ${SECURITY}
          }
        `),
      },
    },
    {
      title: 'another directive for the same thing',
      files: {
        'nginx.conf': site(conf`
          ${SECURITY}
          location /static/ {
              expires 30d;
          }
        `),
      },
    },
    {
      title: 'headers of no such weight',
      files: {
        'nginx.conf': site(conf`
          add_header X-Served-By web1;
          location /static/ {
              add_header Cache-Control "public";
          }
        `),
      },
    },
    {
      title: 'a location that answers by itself',
      files: {
        'nginx.conf': site(conf`
          ${SECURITY}
          location = /health {
              add_header Content-Type text/plain;
              return 200 "ok";
          }
        `),
      },
    },
    {
      title: 'a condition in front of a redirect',
      files: {
        'nginx.conf': site(conf`
          ${SECURITY}
          location @signed-out {
              if ($request_uri ~ ^/shop/) {
                  add_header Set-Cookie "next=$request_uri; Path=/";
              }
              return 302 /sign-in;
          }
        `),
      },
    },
    {
      title: 'a policy that browsers follow without being told',
      files: {
        'nginx.conf': site(conf`
          add_header Referrer-Policy strict-origin-when-cross-origin;
          location /app/ {
              add_header Cache-Control "no-cache";
          }
        `),
      },
    },
    {
      title: 'an answer to a preflight request that has all of them',
      files: {
        'nginx.conf': site(conf`
          location / {
              add_header Access-Control-Allow-Origin https://app.example.org;
              add_header X-Frame-Options SAMEORIGIN;
              if ($request_method = OPTIONS) {
                  add_header Access-Control-Allow-Origin https://app.example.org;
                  add_header Access-Control-Max-Age 86400;
                  return 204;
              }
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx) {
      // A file that several servers include loses in each what that one has: the most is what its reader wants to know.
      const byLine = new Map<string, RuleFinding>()
      for (const finding of lostHeaders(configuration)) {
        const { source, start } = finding.at
        const key = `${source.path}\0${start}`
        const known = byLine.get(key)?.related?.length ?? -1
        if (known < (finding.related?.length ?? 0)) byLine.set(key, finding)
      }
      yield* byLine.values()
    }
  },
})

function* lostHeaders(configuration: NginxConfiguration): Iterable<RuleFinding> {
  const lines = configuration.occurrences.get('add_header') ?? []
  const blocks = new Set(lines.map(({ parent }) => parent))
  // Of a file without its `server`, lines at the top are those of the server that includes it.
  const unseen = new Set(lines.flatMap(({ parent, standIn }) => (parent === null ? (standIn ?? []) : [])))
  for (const parent of blocks) {
    if (parent === null || !(isInside(parent, blocks) || isInUnseen(parent, unseen))) continue
    const lost = lostIn(configuration, parent)
    const headers = addedHeaders(configuration, parent) ?? []
    const own = headers[0]?.directive
    if (lost.length === 0 || own === undefined) continue
    const names = new Set(lost.map(({ directive }) => directive.args[0]?.value))
    const list = [...names].map(name => `\`${name}\``).join(', ')
    const ending =
      isPassed(parent) && lost.every(isCors)
        ? `nginx adds no ${list}: it is sent only where the backend sends it`
        : `${list} ${names.size === 1 ? 'is' : 'are'} not sent`
    yield {
      at: namePlace(own),
      severity: isGrave(parent, lost, headers) ? 'warning' : 'info',
      message: `\`add_header\` in this \`${parent.name}\` overrides those of the enclosing block, so ${ending}`,
      label: 'overrides every inherited `add_header`',
      related: lost.map(({ directive }) => ({ at: argumentPlace(directive, 0), message: 'lost here' })),
      ...repeated(parent, own, lost),
    }
  }
}

/** True where an outer block has lines of its own: only those can be lost. */
function isInside(block: NginxDirective, blocks: ReadonlySet<NginxDirective | null>): boolean {
  for (let outer = block.parent; outer !== null; outer = outer.parent) if (blocks.has(outer)) return true
  return false
}

function isInUnseen(block: NginxDirective, unseen: ReadonlySet<NginxDirective>): boolean {
  if (unseen.size === 0) return false
  let top = block
  while (top.parent !== null) top = top.parent
  return top.standIn !== undefined && unseen.has(top.standIn)
}

/** What holds for the whole host once it is seen needs no page to repeat it; assets need hardly any of the headers. */
function isGrave(block: NginxDirective, lost: readonly AddedHeader[], own: readonly AddedHeader[]): boolean {
  if (servesAssets(block) || isOfPictures(block) || lost.every(isOptOut)) return false
  if (isPassed(block) && lost.every(isCors) && mayComeFromBackend(block, own)) return false
  const isPart = block.name !== 'server' && block.args.at(-1)?.value !== '/' && !answersForAll(block)
  return !(isPart && lost.every(({ name }) => OF_LITTLE_WEIGHT.has(name)))
}

/** True for a named location to which `location /`, or the server itself, sends whatever is no file. */
function answersForAll(block: NginxDirective): boolean {
  const name = block.args[0]?.value ?? ''
  const server = serverAround(block)
  if (!name.startsWith('@') || server === null) return false
  return server.children.some(line => {
    const isRoot = line.name === 'location' && line.args.length === 1 && line.args[0]?.value === '/'
    return (isRoot ? line.children : [line]).some(
      ({ name: each, args }) => each === 'try_files' && args.at(-1)?.value === name,
    )
  })
}

/** What a part of a site may go without: what holds for the whole host once seen, and what browsers have defaults for. */
const OF_LITTLE_WEIGHT = new Set(['strict-transport-security', 'referrer-policy'])

function isCors({ name }: AddedHeader): boolean {
  return name === 'access-control-allow-origin'
}

/** Whoever writes the other headers of CORS there leaves that one to the backend: browsers refuse it sent twice. */
function mayComeFromBackend({ source }: NginxDirective, own: readonly AddedHeader[]): boolean {
  return source.branches.length > 0 || own.some(({ name }) => name.startsWith('access-control-'))
}

/** True where the answers come from a backend, whose headers pass. */
function isPassed(block: NginxDirective): boolean {
  if (block.children.some(({ name }) => name === 'return')) return false
  if (passesOn(block)) return true
  return block.name === 'if' && block.parent !== null && isPassed(block.parent)
}

/** True for the policy that browsers have where none is sent. */
function isDefault({ name, value }: AddedHeader): boolean {
  return name === 'referrer-policy' && value.toLowerCase() === 'strict-origin-when-cross-origin'
}

/** True for a location whose files nothing runs: no page that the headers could protect. */
function isOfPictures({ children }: NginxDirective): boolean {
  return children.some(
    ({ name, args }) => name === 'default_type' && /^(?:image|audio|video|font)\//.test(args[0]?.value ?? ''),
  )
}

/** `interest-cohort=()`, which says no to what no browser has any more. */
function isOptOut({ name, value }: AddedHeader): boolean {
  return name === 'permissions-policy' && /^interest-cohort=\(\)$/.test(value)
}

function lostIn(configuration: NginxConfiguration, block: NginxDirective): readonly AddedHeader[] {
  const parent = block.parent ?? block.standIn ?? null
  const own = addedHeaders(configuration, block)
  if (parent === null || own === null || !isServed(configuration, block)) return []
  const outer = effective(configuration, parent, 'add_header')
  if (!outer.known) return []
  const names = new Set(own.map(({ name }) => name))
  const opensToOthers = names.has('access-control-allow-origin')
  return outer.value.directives
    .map(toHeader)
    .filter(({ name }) => !isPreflight(block) || name === 'access-control-allow-origin')
    .filter(({ name, value }) => WEIGHTY.has(name) && !names.has(name) && value !== '')
    .filter(({ name }) => !(opensToOthers && name.startsWith('cross-origin-')))
    .filter(header => !isDefault(header))
}

/** False for what only redirects, answers one text, or is not reached from the network. */
function isServed(configuration: NginxConfiguration, block: NginxDirective): boolean {
  if (isPreflight(block)) return true
  if (block.children.some(({ name }) => name === 'return')) return false
  if (block.name === 'if')
    return (
      !block.children.some(({ name }) => name === 'rewrite') &&
      block.parent?.children.some(({ name, args }) => name === 'return' && args.length > 1) !== true
    )
  if (block.name === 'server') return true
  if (block.children.some(line => alwaysLeaves(line, block))) return false
  const { kind } = externalReachability(configuration, block)
  return kind !== 'denied' && kind !== 'shadowed' && kind !== 'internal'
}

/** True for a `rewrite` that sends every request of a location into another one, or away. */
function alwaysLeaves({ name, args }: NginxDirective, location: NginxDirective): boolean {
  const [pattern, , flag] = args.map(({ value }) => value)
  if (name !== 'rewrite' || pattern === undefined || flag === 'break') return false
  const all = pattern.replace(/^\^/, '').replace(/(?:\(\.\*\)|\.\*)?\$?$/, '')
  return all === '' || all === '/' || all === location.args.at(-1)?.value
}

/** True for the `if` that answers what browsers ask before a request to another origin. */
function isPreflight(block: NginxDirective): boolean {
  return (
    block.name === 'if' &&
    conditionWords(block).join(' ').replace(/["']/g, '') === '$request_method = OPTIONS' &&
    block.children.some(({ name, args }) => name === 'return' && /^2\d\d$/.test(args[0]?.value ?? ''))
  )
}

function repeated(block: NginxDirective, own: NginxDirective, lost: readonly AddedHeader[]) {
  if (own.source !== block.source) return {}
  const place = namePlace(own)
  const indent = indentationAt(place)
  const lines = lost.map(({ directive: { source, node, args } }) => {
    const text = placeText({ source, start: node.start, end: (args.at(-1) ?? node.name).end })
    return `${text};\n${indent}`
  })
  return propose('Repeat the headers of the enclosing block', 'unsafe', [insertBefore(place, lines.join(''))])
}

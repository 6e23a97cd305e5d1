import { posix } from 'node:path'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { isUnseenServer } from '../../src/servers/nginx/queries/servers.ts'

const site = (locations: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${locations}
  }
`
const GUARDED = conf`
  location /_protected/media/ {
      internal;
      alias /srv/shop/media/;
  }
`

export default defineRule({
  summary: 'A public location has the directory that an `internal` one guards',
  severity: 'warning',
  otherSeverities: { info: 'in lines that some server includes, which may ask for a password by itself' },
  confidence: 'medium',
  securitySeverity: 6.5,
  cwe: [425, 552],
  since: '0.1.0',
  why: 'An application sends the files of an `internal` location by `X-Accel-Redirect`, after it has asked who wants them. Where another location leads to the same directory, whoever knows or guesses the name of a file has it without being asked.',
  remedy:
    'Take the public location away, or let it have those directories alone that everybody may see: `location /media/thumbnails/`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#internal',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#alias',
  ],
  bad: [
    {
      title: 'the same directory',
      files: {
        'nginx.conf': site(conf`
          location «/media/» {
              alias /srv/shop/media/;
          }
          ${GUARDED}
        `),
        'srv/shop/media/invoice.txt': 'an invoice\n',
      },
    },
    {
      title: 'the one above it, by `root`, and an expression for the guarded one',
      files: {
        'nginx.conf': site(conf`
          location «/media» {
              root /srv/shop;
              expires 1d;
          }
          location ~ ^/private/(.+)$ {
              internal;
              alias /srv/shop/media/invoices/$1;
          }
        `),
      },
    },
    {
      title: 'in a template',
      files: {
        'nginx.conf.j2': site(conf`
          location «/media/» {
              alias {{ data }}/media/;
          }
          location /protected {
              internal;
              alias {{ data }}/media;
          }
        `),
      },
    },
    {
      title: 'in lines that some server includes',
      files: {
        'nginx.conf': conf`
          location «/media/» {
              alias __DATA__/media/;
          }
          location /_protected/media/ {
              internal;
              alias __DATA__/media/;
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'another directory',
      files: {
        'nginx.conf': site(conf`
          location /media/thumbnails/ {
              alias /srv/shop/media/thumbnails/;
          }
          ${GUARDED}
        `),
      },
    },
    {
      title: 'a location that asks, and one that is closed',
      files: {
        'nginx.conf': site(conf`
          location /media/ {
              auth_request /check;
              alias /srv/shop/media/;
          }
          location /files/ {
              deny all;
              alias /srv/shop/media/;
          }
          ${GUARDED}
        `),
      },
    },
    {
      title: 'a part of it that is closed by itself',
      files: {
        'nginx.conf': site(conf`
          location /media/ {
              alias /srv/shop/media/;
              location /media/private/ {
                  deny all;
              }
          }
          location /_protected/private/ {
              internal;
              alias /srv/shop/media/private/;
          }
        `),
      },
    },
    {
      title: 'a location whose name says nothing of guarding: pages for errors',
      files: {
        'nginx.conf': site(conf`
          location / {
              root /srv/shop/public;
          }
          location /errors/ {
              internal;
              alias /srv/shop/public/errors/;
          }
        `),
      },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx)
      for (const line of configuration.occurrences.get('internal') ?? []) {
        const guarded = line.parent
        const scope = guarded?.parent ?? guarded?.standIn ?? null
        if (guarded === null || guarded.name !== 'location' || scope === null) continue
        if (!CLOSED.test(readLocation(guarded).name)) continue
        const directory = servedBy(guarded)
        const isUnseen = isUnseenServer(scope)
        if (directory === null || (!isUnseen && asks(configuration, scope))) continue
        for (const open of childrenNamed(scope, 'location')) {
          if (open === guarded || !isOpenToAll(configuration, open)) continue
          const shown = servedBy(open)
          if (shown === null || !(directory === shown || directory.startsWith(`${shown}/`))) continue
          // One that is for the guarded part alone closes it.
          if (isClosedBelow(open, directory.slice(shown.length))) continue
          yield {
            at: argumentPlace(open, open.args.length - 1),
            ...(isUnseen && { severity: 'info' as const }),
            message: `anybody may request what lies in \`${directory}\`, which \`${readLocation(guarded).name}\` gives out by \`internal\` alone`,
            label: 'the same files',
            related: [{ at: argumentPlace(guarded, guarded.args.length - 1), message: 'guarded here' }],
          }
        }
      }
  },
})

/** Names by which people say that not everybody gets what lies there. */
const CLOSED = /protect|private|secur|secret|restrict|accel|send[-_]?file|confidential|hidden/i

/** The directory whose files a location sends, without its last slash; null where it is made of variables. */
function servedBy(location: NginxDirective): string | null {
  const { modifier, name } = readLocation(location)
  const [alias] = childrenNamed(location, 'alias')
  const [root] = childrenNamed(location, 'root')
  const isPrefix = modifier === '' || modifier === '^~'
  const text = written(alias ?? root)
  if (text === null) return null
  // An expression names the file by its last group.
  const path = alias === undefined ? posix.join(text, name) : isPrefix ? text : text.replace(/\/\$\w+$/, '')
  if (path.includes('$') || (alias === undefined && !isPrefix)) return null
  const directory = path.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '')
  // A directory of the root holds all that there is.
  return /[^/]\/[^/]/.test(directory) ? directory : null
}

/** The path as it is written, placeholders too: in one file they stand for one text. */
function written(line: NginxDirective | undefined): string | null {
  const word = line?.args[0]
  if (line === undefined || word === undefined) return null
  return isUnknownWord(word.value) ? line.source.text.slice(word.start, word.end) : word.value
}

/** Lines by which a location may refuse a client, ask another, or send nothing of its own. */
const ASKING =
  /^(?:internal|deny|allow|satisfy|auth_.*|secure_link.*|limit_except|valid_referers|if|return|rewrite|\w+_pass|access_by_lua.*|rewrite_by_lua.*|js_.*|perl.*|include|ssl_verify_client)$/

const asks = (configuration: NginxConfiguration, block: NginxDirective): boolean =>
  hasUnreadInclude(configuration, block, 'auth_request') ||
  block.children.some(({ name }) =>
    /^(?:deny|auth_basic|auth_request|auth_jwt|satisfy|secure_link)$/.test(name),
  )

function isOpenToAll(configuration: NginxConfiguration, location: NginxDirective): boolean {
  const { modifier } = readLocation(location)
  return (
    (modifier === '' || modifier === '^~') &&
    !location.children.some(({ name }) => ASKING.test(name)) &&
    !hasUnreadInclude(configuration, location)
  )
}

/** True where a location inside of it, or beside it, is for that part of the directory. */
function isClosedBelow(open: NginxDirective, rest: string): boolean {
  const { name } = readLocation(open)
  const path = posix.join('/', name, rest)
  return [...childrenNamed(open, 'location'), ...(open.parent?.children ?? [])].some(other => {
    if (other === open || other.name !== 'location') return false
    const inner = readLocation(other)
    if (inner.modifier === '~' || inner.modifier === '~*') return other.parent === open
    return inner.name.length > name.length && posix.join('/', path, '/').startsWith(inner.name)
  })
}

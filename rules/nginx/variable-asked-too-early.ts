import { memo } from '../../parsers/collections/memo.ts'
import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { nginxVariable } from '../../src/servers/nginx/directives.ts'
import { conditionWords } from '../../src/servers/nginx/queries/conditions.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { geos } from '../../src/servers/nginx/queries/geo.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { maps } from '../../src/servers/nginx/queries/maps.ts'
import { enclosingServer, isUnseenServer } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { isEnteredFirst, isPassedOnAtOnce, passesOn } from './_entered-first.ts'

const VERIFY = conf`
  location = /verify {
      internal;
      proxy_pass http://127.0.0.1:9001;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
  }
`
const SERVICE = conf`
  server {
      listen 127.0.0.1:9001;
      location = /verify {
          add_header X-Role admin;
          return 200;
      }
  }
`
const asked = (lines: string, head: string | readonly string[] = []): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain([
    ...[head].flat(),
    nginxServer(conf`
      location / {
          auth_request /verify;
          auth_request_set $role $upstream_http_x_role;
          ${lines}
          proxy_pass http://127.0.0.1:9000;
      }
      ${VERIFY}
    `),
    SERVICE,
  ]),
})
const passed = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location / {
          ${lines}
          proxy_pass http://127.0.0.1:9000;
      }
    `),
  ),
})

export default defineRule({
  summary: '`if`, `set`, `return` or `rewrite` asks for a variable before it has its value',
  severity: 'error',
  otherSeverities: { warning: 'for a `set`, whose copy stays empty' },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx runs `if`, `set`, `return` and `rewrite` as soon as it has found the location: before `auth_request` is answered, before the body of the request is read, and before a backend has sent anything. What comes of these is empty at that time, so a condition holds always or never.',
  remedy:
    'Use the variable where it has its value, as in `proxy_set_header`, `add_header` or a `map` for these, and let the backend or the service behind `auth_request` decide',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_auth_request_module.html#auth_request_set',
    'https://nginx.org/en/docs/dev/development_guide.html#http_phases',
  ],
  bad: [
    {
      title: 'what the service behind auth_request has said',
      files: asked(conf`
        if («$role» != admin) {
            return 403;
        }
      `),
    },
    {
      title: 'a copy of it',
      files: asked(conf`
        set $group «$role»;
        proxy_set_header X-Group $group;
      `),
    },
    {
      title: 'a map of it',
      files: asked(
        conf`
          if («$refused») {
              return 403;
          }
        `,
        conf`
          map $role $refused {
              admin 0;
              default 1;
          }
        `,
      ),
    },
    {
      title: 'a redirect to the page that it names',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            auth_request /verify;
            location /start {
                auth_request_set $page $upstream_http_x_page;
                return 302 «$page»;
            }
            location = /verify {
                auth_request off;
                proxy_pass http://127.0.0.1:9001;
                proxy_pass_request_body off;
                proxy_set_header Content-Length "";
            }
          `),
        ),
      },
    },
    {
      title: 'what the service has said, in a condition of the server',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            if («$role» = guest) {
                return 403;
            }
            location / {
                auth_request /verify;
                auth_request_set $role $upstream_http_x_role;
                proxy_pass http://127.0.0.1:9000;
            }
            ${VERIFY}
          `),
        ),
      },
    },
    {
      title: 'the body of the request',
      files: passed(conf`
        if («$request_body» ~ "<script>") {
            return 403;
        }
      `),
    },
    {
      title: 'the answer of the backend',
      files: passed(conf`
        if («$upstream_http_x_stale») {
            return 503;
        }
      `),
    },
    {
      title: 'the status of the answer',
      files: passed(conf`
        if («$status» = 404) {
            return 302 /missing.html;
        }
      `),
    },
  ],
  good: [
    {
      title: 'sent on to the backend, and to the client',
      files: asked(
        conf`
          proxy_set_header X-Role $role;
          add_header X-Refused $refused;
          add_header X-Status $upstream_status;
        `,
        conf`
          map $role $refused {
              admin 0;
              default 1;
          }
        `,
      ),
    },
    {
      title: 'a location that error_page enters behind the answer',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                auth_request /verify;
                auth_request_set $login $upstream_http_location;
                error_page 401 = @login;
                error_page 403 = /refused;
                proxy_pass http://127.0.0.1:9000;
                proxy_intercept_errors on;
                error_page 404 /missing;
            }
            location @login {
                return 302 $login;
            }
            location /refused {
                auth_request_set $login $upstream_http_location;
                return 302 $login;
            }
            location = /missing {
                return 200 "the backend said $upstream_status";
            }
            ${VERIFY}
          `),
        ),
      },
    },
    {
      title: 'a location that try_files enters behind the answer',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            auth_request /verify;
            auth_request_set $role $upstream_http_x_role;
            location / {
                try_files /checked @checked;
            }
            location /pages/ {
                try_files $uri /app.php;
            }
            location ~ \.php$ {
                set $group $role;
                fastcgi_param REMOTE_GROUP $group;
                fastcgi_pass 127.0.0.1:9002;
            }
            location @checked {
                if ($role != admin) {
                    return 403;
                }
                proxy_pass http://127.0.0.1:9000;
            }
            ${VERIFY}
          `),
        ),
      },
    },
    {
      title: 'a copy of the request, of which the body was read',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                mirror /copy;
                proxy_pass http://127.0.0.1:9000;
            }
            location = /copy {
                internal;
                if ($request_body ~ secret) {
                    return 204;
                }
                proxy_pass http://127.0.0.1:9001;
            }
          `),
        ),
      },
    },
    {
      title: 'names that the configuration itself gives a value',
      files: asked(
        conf`
          set $upstream_http_mode $cookie_mode;
          if ($upstream_http_mode = new) {
              return 302 /new/;
          }
          if ($upstream_addr_of_site = "") {
              return 503;
          }
        `,
        conf`
          map $host $upstream_addr_of_site {
              default 127.0.0.1:9000;
          }
        `,
      ),
    },
    {
      title: 'a variable that the client decides before',
      files: asked(conf`
        set $role $cookie_role;
        if ($role = guest) {
            return 403;
        }
      `),
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const { occurrences } = configuration
      if ([...occurrences.keys()].some(name => EARLIER.test(name))) continue
      for (const [directive, index] of ASKING) {
        for (const line of occurrences.get(directive) ?? []) {
          const block = blockOf(line)
          if (block === null) continue
          for (const [at, name] of asksFor(line, index)) {
            const late = lateness(configuration, block, name)
            if (late === null || (late.name === 'status' && directive !== 'if')) continue
            if (!isFirst(configuration, block, line, late)) continue
            yield {
              at,
              ...(directive === 'set' && { severity: 'warning' as const }),
              message: messageOf(directive, name, late),
              label: 'no value yet',
              related: late.related,
            }
            break
          }
        }
      }
    }
  },
})

/** What may read the body, ask a service or set variables before the rewrite phase or in it. */
const EARLIER = /lua|^js_|^perl|^set_(?!real_ip)|^echo|^SecRules|naxsi/i

/** The directives of the rewrite phase, and from which argument on they ask for variables. */
const ASKING: readonly (readonly [string, number])[] = [
  ['if', 0],
  ['set', 1],
  ['return', 0],
  ['rewrite', 1],
]

/** The location or server in whose rewrite phase a line is run; null for one of another module. */
function blockOf({ parent, context }: NginxDirective): NginxDirective | null {
  if (context.startsWith('stream')) return null
  const block = parent?.name === 'if' ? parent.parent : parent
  return block?.name === 'location' || block?.name === 'server' ? block : null
}

/** The variables that a line asks for, each at its own letters. */
function* asksFor(line: NginxDirective, from: number): Generator<readonly [Place, string]> {
  for (const [index, { value }] of line.args.entries()) {
    if (index < from || isUnknownWord(value)) continue
    for (const name of variableNames(value)) {
      const at = argumentPlace(line, index)
      const text = at.source.text.slice(at.start, at.end)
      const found = new RegExp(`\\$(?:${name}\\b|\\{${name}\\})`, 'i').exec(text)
      const start = at.start + (found?.index ?? 0)
      yield [found === null ? at : { ...at, start, end: start + found[0].length }, name]
    }
  }
}

interface Late {
  readonly kind: 'auth' | 'body' | 'answer'
  /** The variable that has no value yet, which a `map` may hide. */
  readonly name: string
  readonly related: readonly { readonly at: Place; readonly message: string }[]
}

/** What a variable waits for in the rewrite phase of a block; null where it has its value, or nobody knows. */
function lateness(
  configuration: NginxConfiguration,
  block: NginxDirective,
  name: string,
  through: readonly string[] = [],
): Late | null {
  const map = maps(configuration).get(name)
  if (map !== undefined) {
    if (through.includes(name)) return null
    for (const source of variableNames(map.source)) {
      const late = lateness(configuration, block, source, [...through, name])
      if (late !== null)
        return {
          ...late,
          related: [{ at: argumentPlace(map.directive, 0), message: 'made of it' }, ...late.related],
        }
    }
    return null
  }
  const given = givenNames(configuration).get(name)
  if (given === 'early') return null
  if (given === 'late') {
    const line = authRequestSet(configuration, block, name)
    return line === null
      ? null
      : { kind: 'auth', name, related: [{ at: namePlace(line), message: 'gets its value here, later' }] }
  }
  if (nginxVariable('http', name) === null) return null
  if (/^request_body(?:_file)?$/.test(name)) return { kind: 'body', name, related: [] }
  return name === 'status' || OF_ANSWER.test(name) ? { kind: 'answer', name, related: [] } : null
}

const OF_ANSWER =
  /^(?:upstream_(?:(?:http|cookie|trailer)_\w+|status|addr|cache_status|(?:connect|header|response)_time|response_length)|sent_(?:http|trailer)_\w+)$/

/** Variables that the configuration defines: by `auth_request_set` alone and with constants, or before it. */
const givenNames = memo((configuration: NginxConfiguration): ReadonlyMap<string, 'early' | 'late'> => {
  const { occurrences } = configuration
  const given = new Map<string, 'early' | 'late'>()
  for (const { args } of occurrences.get('auth_request_set') ?? []) given.set(nameOf(args[0]), 'late')
  for (const { args } of occurrences.get('set') ?? []) {
    const name = nameOf(args[0])
    if (given.get(name) !== 'late' || /\$/.test(args[1]?.value ?? '$')) given.set(name, 'early')
  }
  for (const name of geos(configuration).keys()) given.set(name, 'early')
  for (const { args } of occurrences.get('split_clients') ?? []) given.set(nameOf(args[1]), 'early')
  for (const directive of ['location', 'server_name', 'rewrite', 'if', 'map'])
    for (const { args, children } of occurrences.get(directive) ?? [])
      for (const text of [...args.map(({ value }) => value), ...children.map(child => child.name)])
        for (const [, name = ''] of text.matchAll(/\(\?P?[<'](\w+)[>']/g))
          given.set(name.toLowerCase(), 'early')
  return given
})

function nameOf(word: { readonly value: string } | undefined): string {
  return (word?.value ?? '').replace(/^\$\{?|\}$/g, '').toLowerCase()
}

/** The line that gives a variable its value behind the access phase of a block, or of one in a server. */
function authRequestSet(
  configuration: NginxConfiguration,
  block: NginxDirective,
  name: string,
): NginxDirective | null {
  const makes = ({ args }: NginxDirective): boolean => nameOf(args[0]) === name
  if (block.name === 'server') {
    const lines = configuration.occurrences.get('auth_request_set') ?? []
    return lines.find(line => makes(line) && enclosingServer(line) === block) ?? null
  }
  const [asks, sets] = ['auth_request', 'auth_request_set'].map(directive => {
    const found = effectiveAtHand(configuration, block, directive)
    return found.known ? found.value.directives : []
  })
  if (asks?.[0] === undefined || asks[0].args[0]?.value === 'off') return null
  return sets?.find(makes) ?? null
}

/** True where the line is run in the first rewrite phase of a request, and in no other that matters. */
function isFirst(
  configuration: NginxConfiguration,
  block: NginxDirective,
  line: NginxDirective,
  { kind }: Late,
): boolean {
  if (block.name === 'server')
    return kind === 'body' ? !isUnseenServer(block) : isPassedOnAtOnce(configuration, block)
  if (!isEnteredFirst(configuration, block)) return false
  if (kind === 'body' || (line.name === 'return' && line.parent === block)) return true
  // A file is found by another redirect of nginx itself, to the page of the directory.
  return passesOn(block) || (line.name === 'if' && /^!/.test(conditionWords(line)[1] ?? ''))
}

function messageOf(directive: string, asked: string, { kind, name }: Late): string {
  const what = asked === name ? `\`$${name}\`` : `\`$${name}\`, which \`$${asked}\` is made of,`
  if (kind === 'auth')
    return `${what} gets its value from the answer to \`auth_request\`, and \`${directive}\` is run before that`
  return kind === 'body'
    ? `${what} is empty here: \`${directive}\` is run before the body of the request is read`
    : `${what} has no value here: \`${directive}\` is run before the request is answered`
}

import { placeText } from '../../parsers/text/source.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { conditionWords } from '../../src/servers/nginx/queries/conditions.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { maps } from '../../src/servers/nginx/queries/maps.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
    `),
  )

export default defineRule({
  summary: 'The page of an error is refused by what refused the request',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx requests an `error_page` from itself: the URL goes through the lines of the server and the access rules of its location once more. Where those answer with the same error again, clients get the built-in page of nginx.',
  remedy:
    'Give the page a location with `allow all` or `auth_basic off`; let a condition of the server send to a named location: `error_page 503 @maintenance`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page'],
  bad: [
    {
      title: 'addresses that are denied',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 403 «/403.html»;
          allow 192.0.2.0/28;
          deny all;
        `),
      },
    },
    {
      title: 'a server in maintenance',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 503 «/503.html»;
          if (-f /srv/www/maintenance.on) {
              return 503;
          }
        `),
      },
    },
    {
      title: 'a password',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 401 «/401.html»;
          auth_basic members;
          auth_basic_user_file /etc/nginx/members;
        `),
        'etc/nginx/members': 'a:b\n',
      },
    },
    {
      title: 'the page of one location, which takes its URL too',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          location / {
              error_page 403 «/403.html»;
              allow 192.0.2.0/28;
              deny all;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'a location for the page',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 403 /403.html;
          allow 192.0.2.0/28;
          deny all;
          location = /403.html {
              internal;
              allow all;
          }
        `),
      },
    },
    {
      title: 'a named location',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 503 @maintenance;
          if (-f /srv/www/maintenance.on) {
              return 503;
          }
          location @maintenance {
              rewrite ^ /503.html break;
          }
        `),
      },
    },
    {
      title: 'a location for the page, without a password',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 401 /401.html;
          auth_basic members;
          auth_basic_user_file /etc/nginx/members;
          location = /401.html {
              auth_basic off;
          }
        `),
        'etc/nginx/members': 'a:b\n',
      },
    },
    {
      title: 'one location is closed, and the page lies elsewhere',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 403 /403.html;
          location /private/ {
              deny all;
          }
        `),
      },
    },
    {
      title: 'conditions that the page does not meet',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 405 /405.html;
          error_page 503 /503.html;
          set $closed "";
          if (-f /srv/www/maintenance.on) {
              set $closed 1;
          }
          if ($uri = /503.html) {
              set $closed "";
          }
          if ($closed) {
              return 503;
          }
          if ($request_method = PUT) {
              return 405;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    for (const server of deployment.servers) {
      const { configuration, directive } = server
      if (!configuration.occurrences.has('error_page')) continue
      const pages = effective(configuration, directive, 'error_page')
      if (!pages.known || !pages.value.complete) continue
      const ofLocations = (directivesByServer(configuration, 'error_page').get(directive) ?? []).filter(
        ({ parent }) => parent !== directive,
      )
      for (const line of [...pages.value.directives, ...ofLocations]) {
        const page = line.args.at(-1)?.value ?? ''
        if (!page.startsWith('/') || page.includes('$')) continue
        const codes = new Set(line.args.slice(0, -1).map(({ value }) => value))
        const by = refusedBy(deployment, server, page, codes, line.parent?.name !== 'location')
        if (by === null) continue
        yield {
          at: argumentPlace(line, line.args.length - 1),
          message: `\`${page}\` is refused too, by \`${by.text}\`, so clients get the page of nginx itself`,
          label: 'requested anew, and refused',
          related: [{ at: by.at, message: 'refuses both' }],
        }
      }
    }
  },
})

interface Refusal {
  readonly at: ReturnType<typeof namePlace>
  readonly text: string
}

/** What of the server refuses its own page with one of the statuses that the page is for. */
function refusedBy(
  deployment: Deployment,
  server: NginxServer,
  page: string,
  codes: ReadonlySet<string>,
  isOfServer: boolean,
): Refusal | null {
  const { configuration, directive } = server
  const condition = isOfServer ? stableRefusal(configuration, directive, codes) : null
  if (condition !== null)
    return { at: namePlace(condition), text: `if (${conditionWords(condition).join(' ')})` }
  if (!['403', '401'].some(code => codes.has(code) && mayRefuse(configuration, directive, code))) return null
  const { end, steps } = askServer(deployment, server, page) ?? { end: null, steps: [] }
  if (end === null) return null
  if (codes.has('401')) {
    const asked = steps.find(
      ({ kind, at }) => kind === 'access' && at !== null && placeText(at) === 'auth_request',
    )
    if (asked?.at !== undefined && asked.at !== null) return { at: asked.at, text: 'auth_request' }
  }
  if (end.kind !== 'response' || end.at === null || !codes.has(String(end.status))) return null
  if (end.status !== 403 && end.status !== 401) return null
  const text = placeText(end.at)
  return REFUSING.has(text) ? { at: end.at, text } : null
}

const REFUSING: ReadonlySet<string> = new Set(['deny', 'auth_basic', 'auth_request'])

/** True where some line for it stands in the server, or above all servers. */
function mayRefuse(configuration: NginxConfiguration, server: NginxDirective, code: string): boolean {
  const names = code === '403' ? ['deny'] : ['auth_basic', 'auth_request']
  return names.some(name => {
    const byServer = directivesByServer(configuration, name)
    return byServer.has(server) || byServer.has(null)
  })
}

/**
 * A condition of the server that answers with such a status and is as true for the page as for the request: nothing
 * of it changes when nginx goes from one to the other.
 */
function stableRefusal(
  configuration: NginxConfiguration,
  server: NginxDirective,
  codes: ReadonlySet<string>,
): NginxDirective | null {
  for (const child of server.children) {
    if (child.name === 'rewrite' || child.name === 'break' || child.name === 'return') return null
    if (child.name !== 'if') continue
    const [answer] = child.children
    if (
      answer?.name === 'return' &&
      codes.has(answer.args[0]?.value ?? '') &&
      isStable(configuration, server, child)
    )
      return child
    if (!child.children.every(({ name }) => name === 'set' || name === 'return')) return null
  }
  return null
}

/** What an internal redirect changes: the URL without its query, the query, and the method. */
const CHANGING =
  /^(?:uri|document_uri|request_filename|args|arg_\w+|query_string|is_args|request_method|content_\w+)$/

function isStable(
  configuration: NginxConfiguration,
  server: NginxDirective,
  condition: NginxDirective,
): boolean {
  const set = new Set(childrenSet(server))
  const variables = conditionWords(condition).flatMap(variablesIn)
  return (
    variables.length + conditionWords(condition).filter(word => /^!?-[fdex]$/.test(word)).length > 0 &&
    variables.every(name => {
      const map = maps(configuration).get(name)
      return (
        !CHANGING.test(name) &&
        !set.has(name) &&
        (map === undefined ||
          !variablesIn(map.source).some(source => CHANGING.test(source) || set.has(source)))
      )
    })
  )
}

function variablesIn(text: string): readonly string[] {
  return [...text.matchAll(/\$\{?([a-z_]\w*)/gi)].map(([, name = '']) => name.toLowerCase())
}

/** The variables that lines of the server set, those in its conditions too. */
function childrenSet(block: NginxDirective): readonly string[] {
  return block.children.flatMap(child => {
    if (child.name === 'set') return [(child.args[0]?.value ?? '').replace(/^\$/, '').toLowerCase()]
    return child.name === 'if' ? childrenSet(child) : []
  })
}

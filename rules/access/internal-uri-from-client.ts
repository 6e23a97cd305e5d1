import { memo } from '../../parsers/collections/memo.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { EXISTING, MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { locationsOf, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(nginxServer(lines)),
})
const beforeFiles = (lines: string): Record<string, string> =>
  nginx(conf`
    location /protected/ {
        internal;
        alias /srv/invoices/;
    }
    ${lines}
    location / {
        proxy_pass http://127.0.0.1:8000;
    }
  `)

export default defineRule({
  summary: 'A client chooses the URI that nginx goes to by itself',
  severity: 'error',
  otherSeverities: { warning: 'where a suffix behind the variable leaves less to choose' },
  confidence: 'high',
  securitySeverity: 8.6,
  cwe: [22, 425],
  since: '0.1.0',
  why: 'Behind a `rewrite`, `try_files` or `error_page` the request is an internal one, which `internal` locations answer, and nginx takes no `..` out of the new URI. Where an argument, a header or a cookie stands in it, the client gets the files that `internal` is there to protect, or leaves the directory.',
  remedy:
    'Choose by a `map` that lists the values, or refuse the others: `if ($arg_page !~ ^[a-z0-9-]+$) { return 404; }`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#internal',
    'https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#rewrite',
  ],
  bad: [
    {
      title: 'an argument',
      files: beforeFiles(conf`
        location /next {
            rewrite ^ «$arg_to» last;
        }
      `),
    },
    {
      title: 'an argument that a condition takes apart',
      files: beforeFiles(conf`
        location /upload_done {
            set $next /api/tools;
            if ($args ~ next=([^&]+)) {
                set $next $1;
            }
            rewrite "" «$next»;
        }
      `),
    },
    {
      title: 'a page for an error',
      files: beforeFiles(conf`
        location = /old {
            error_page 404 =200 «$cookie_page»;
            return 404;
        }
      `),
    },
    {
      title: 'a header, by way of a map',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          conf`
            map $http_x_page $page {
                "" /start;
                default $http_x_page;
            }
          `,
          nginxServer(conf`
            location /protected/ {
                internal;
                root /srv;
            }
            location /page {
                root /srv/www;
                try_files $uri «$page»;
            }
          `),
        ]),
      },
    },
    {
      title: 'out of the directory',
      files: nginx(conf`
        root /srv/www;
        location /page {
            rewrite ^ «/pages/$arg_name» break;
        }
      `),
    },
    {
      title: 'one ending alone',
      files: nginx(conf`
        root /srv/www;
        location /page {
            try_files «/pages/$arg_name.html» =404;
        }
      `),
    },
  ],
  good: [
    {
      title: 'a plain name alone',
      files: beforeFiles(conf`
        location /page {
            root /srv/www;
            if ($arg_name !~ "^[a-z]+$") {
                return 404;
            }
            rewrite ^ /pages/$arg_name break;
        }
      `),
    },
    {
      title: 'a list of pages',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          conf`
            map $arg_page $page {
                default /pages/start.html;
                help /pages/help.html;
            }
          `,
          nginxServer(conf`
            root /srv/www;
            location /protected/ {
                internal;
            }
            location /page {
                rewrite ^ $page last;
            }
          `),
        ]),
      },
    },
    {
      title: 'what the application answers',
      files: beforeFiles(conf`
        location /old {
            rewrite ^ /pages/$arg_name last;
        }
      `),
    },
    {
      title: 'an argument that stays one, and a redirect of the client',
      files: beforeFiles(conf`
        location /page {
            root /srv/www;
            try_files $uri /index.php?page=$arg_page&$args;
        }
        location /go {
            rewrite ^ /pages/$arg_name permanent;
        }
      `),
    },
    {
      title: 'the path of the URL',
      files: nginx(conf`
        root /srv/www;
        location / {
            try_files $uri /cache$uri /cache/$host$request_uri =404;
        }
      `),
    },
  ],
  *check(deployment) {
    const servers = serversAround(deployment)
    for (const { occurrences } of deployment.nginx) {
      for (const name of ['rewrite', 'try_files', 'error_page']) {
        for (const line of occurrences.get(name) ?? []) {
          const home = serverAround(line)
          const server = home === null ? undefined : servers.get(home)
          if (server === undefined) continue
          for (const index of targetsOf(line)) {
            const reached = reachedFrom(deployment, server, line, index)
            if (reached === null) continue
            yield { at: argumentPlace(line, index), ...reached }
          }
        }
      }
    }
  },
})

/** Which words of a line are URIs that begin with a variable, in whole or behind a slash. */
function targetsOf({ name, args }: NginxDirective): readonly number[] {
  const words =
    name === 'rewrite' ? [1] : name === 'try_files' ? args.map((_, index) => index) : [args.length - 1]
  return words.filter(index => /^(?:[^$?]*\/)?\$\{?[a-z_]/i.test(args[index]?.value ?? ''))
}

interface Reached {
  readonly message: string
  readonly label: string
  readonly severity?: 'warning'
  readonly related?: readonly { readonly at: ReturnType<typeof argumentPlace>; readonly message: string }[]
}

/** What a client reaches that writes what it likes into a variable of the line; null for nothing that is known. */
function reachedFrom(
  deployment: Deployment,
  server: NginxServer,
  line: NginxDirective,
  index: number,
): Reached | null {
  const value = line.args[index]?.value ?? ''
  const inputs = inputsOf(server.configuration, line, value)
  if (inputs.length === 0) return null
  const [, before = ''] = /^([^$]*)\$/.exec(value) ?? []
  const isWhole = before === '' || before === '/'
  const suffix = value.includes('.', before.length)
  for (const url of urlsOf(line)) {
    for (const input of inputs) {
      if (isWhole)
        for (const location of internalLocations(server.directive)) {
          const path = `${location.name.slice(before.length)}${location.name.endsWith('/') ? '' : '/'}${EXISTING}`
          const answer = ask(url, input, path)
          const last = answer?.steps.findLast(({ kind }) => kind === 'location')?.directive
          if (answer?.end.kind !== 'file' || last !== location.directive) continue
          return {
            message: `${written(input, path)} has nginx send files of \`location ${location.name}\`, which is \`internal\``,
            label: 'chosen by the client',
            related: [{ at: location.at, message: 'open to whoever writes its name' }],
          }
        }
      const upwards = `${before === '' ? '/' : ''}../../${EXISTING}`
      const answer = ask(url, input, upwards)
      if (answer?.end.kind !== 'file' || !answer.end.path.includes('/../')) continue
      const directory = answer.end.path.slice(0, answer.end.path.indexOf('/../') + 1)
      return {
        message: `${written(input, upwards)} leaves \`${directory}\`, because nginx takes no \`..\` out of a URI that it goes to by itself`,
        label: 'chosen by the client',
        ...(suffix && { severity: 'warning' as const }),
      }
    }
  }
  return null

  function ask(url: string, { kind, name }: Input, text: string) {
    const answer = askServer(
      deployment,
      server,
      kind === 'query' ? `${url}?${name === '' ? '' : `${name}=`}${text}` : url,
      kind === 'query'
        ? {}
        : {
            request: {
              headers: {
                values: new Map([kind === 'cookie' ? ['cookie', `${name}=${text}`] : [name, text]]),
                complete: true,
              },
            },
          },
    )
    return answer?.steps.some(({ directive }) => directive === line) === true ? answer : null
  }
}

function written({ kind, name }: Input, text: string): string {
  const path = text.replace(EXISTING, '…')
  return kind === 'query'
    ? `\`?${name === '' ? '' : `${name}=`}${path}\``
    : `\`${kind === 'cookie' ? `Cookie: ${name}=` : `${name}: `}${path}\``
}

/** Where in a request a client writes what it likes. */
interface Input {
  readonly kind: 'query' | 'cookie' | 'header'
  /** Of the argument, the cookie or the header; empty for the whole query. */
  readonly name: string
}

const MOST_INPUTS = 6

/** What of the request the variables of a value come from, by way of `set`, `map` and the groups of a condition. */
function inputsOf(configuration: NginxConfiguration, line: NginxDirective, value: string): readonly Input[] {
  const found = new Map<string, Input>()
  const seen = new Set<string>()
  const left = [value]
  const add = (kind: Input['kind'], name: string): void => {
    found.set(`${kind} ${name}`, { kind, name })
  }
  for (let text = left.pop(); text !== undefined; text = left.pop()) {
    for (const name of variableNames(text)) {
      if (seen.has(name)) continue
      seen.add(name)
      const [, kind = '', rest = ''] = /^(arg|cookie|http)_(.+)$/.exec(name) ?? []
      if (kind === 'arg') add('query', rest)
      else if (kind === 'cookie') add('cookie', rest)
      else if (kind === 'http') {
        if (rest !== 'host') add('header', rest.replaceAll('_', '-'))
      } else if (name === 'args' || name === 'query_string') add('query', '')
      else left.push(...(sourcesOf(configuration).get(name) ?? []))
    }
    // A group is of the condition around the line, or around the `set` that copies it.
    if (/\$\{?[1-9]/.test(text)) left.push(...conditionsNear(line))
  }
  for (const { args } of conditionsOf(line)) {
    const words = args.map(({ value: word }) => word).join(' ')
    for (const [, name = ''] of words.matchAll(/(\w+)=\(/g)) if (found.has('query ')) add('query', name)
  }
  return [...found.values()].slice(0, MOST_INPUTS)
}

/** The texts that variables are made of: of `set`, of a `map`, and the words of a condition with a named group. */
const sourcesOf = memo(({ occurrences }: NginxConfiguration): ReadonlyMap<string, readonly string[]> => {
  const sources = new Map<string, string[]>()
  const add = (name: string, ...texts: readonly string[]): void => {
    sources.set(name, [...(sources.get(name) ?? []), ...texts])
  }
  for (const { args } of occurrences.get('set') ?? [])
    add((args[0]?.value ?? '').replace(/^\$/, '').toLowerCase(), args[1]?.value ?? '')
  for (const { args, children } of occurrences.get('map') ?? [])
    add(
      (args[1]?.value ?? '').replace(/^\$/, '').toLowerCase(),
      args[0]?.value ?? '',
      ...children.flatMap(child => child.args[0]?.value ?? []),
    )
  for (const { args } of occurrences.get('if') ?? []) {
    const words = args.map(({ value }) => value).join(' ')
    for (const [, name = ''] of words.matchAll(/\(\?P?<(\w+)>/g)) add(name.toLowerCase(), words)
  }
  return sources
})

/** The conditions of the block in which a line stands, and of those around it. */
function conditionsOf(line: NginxDirective): readonly NginxDirective[] {
  const found: NginxDirective[] = []
  for (let at = line.parent; at !== null && at.name !== 'http'; at = at.parent)
    found.push(...at.children.filter(({ name }) => name === 'if'))
  return found
}

function conditionsNear(line: NginxDirective): readonly string[] {
  return conditionsOf(line).map(({ args }) => (args[0]?.value ?? '').replace(/^\(/, ''))
}

/** Paths that lead to the block in which a line stands, as far as its name tells. */
function urlsOf(line: NginxDirective): readonly string[] {
  let location = line.parent
  while (location !== null && location.name !== 'location' && location.name !== 'server')
    location = location.parent
  if (location?.name !== 'location') return [`/${MISSING}`, '/']
  const { modifier, name } = readLocation(location)
  if (modifier === '@') return [`/${MISSING}`]
  if (modifier === '~' || modifier === '~*')
    return sampleTexts(name, { caseless: modifier === '~*' })
      .texts.slice(0, 2)
      .map(text => fromBytes(text))
      .map(text => (text.startsWith('/') ? text : `/${text}`))
  if (!name.startsWith('/')) return []
  return modifier === '=' ? [name] : [name, `${name.replace(/\/$/, '')}/${MISSING}`]
}

const MOST_INTERNAL = 8

/** The prefixes of a server that only internal requests reach. */
const internalLocations = memo((server: NginxDirective) =>
  locationsOf(server)
    .filter(({ children }) => children.some(({ name }) => name === 'internal'))
    .map(readLocation)
    .filter(({ modifier, name }) => (modifier === '' || modifier === '^~') && name.startsWith('/'))
    .slice(0, MOST_INTERNAL),
)

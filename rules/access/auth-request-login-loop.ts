import { memo } from '../../parsers/collections/memo.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace, TextMap } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { locationIndex } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (login: string, page = '=302 /login'): string =>
  nginxMain(
    nginxServer(conf`
      auth_request /verify;
      error_page 401 ${page};
      location = /verify {
          internal;
          proxy_pass http://127.0.0.1:9000/verify?status=401;
          proxy_pass_request_body off;
          proxy_set_header Content-Length "";
      }
      location = /login {
          proxy_pass http://127.0.0.1:9000;
          ${login}
      }
      location @login {
          return 302 /login?next=$request_uri;
      }
      location / {
          proxy_pass http://127.0.0.1:9000;
      }
    `),
  )

export default defineRule({
  summary: 'The page to log in asks for a login itself',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`auth_request` of the server holds in every location. Where the page that refused clients are sent to has none of its own, they are refused there too, and sent there again: ERR_TOO_MANY_REDIRECTS. Where nginx itself goes on to the page, they get 401 in place of it.',
  remedy: 'Write `auth_request off;` in the location of the page',
  references: ['https://nginx.org/en/docs/http/ngx_http_auth_request_module.html#auth_request'],
  bad: [
    {
      title: 'by a named location',
      files: { 'etc/nginx/nginx.conf': nginx('', '«@login»') },
    },
    {
      title: 'by its URL',
      files: { 'etc/nginx/nginx.conf': nginx('', '=302 «http://example.org/login»') },
    },
    {
      title: 'by nginx itself',
      files: { 'etc/nginx/nginx.conf': nginx('', '=302 «/login?next=$request_uri»') },
    },
  ],
  good: [
    {
      title: 'without a login',
      files: { 'etc/nginx/nginx.conf': nginx('auth_request off;', '@login') },
    },
    {
      title: 'without a login, by nginx itself',
      files: { 'etc/nginx/nginx.conf': nginx('auth_request off;', '=302 /login?next=$request_uri') },
    },
    {
      title: 'the page of another host',
      files: { 'etc/nginx/nginx.conf': nginx('', '=302 https://login.example.org/') },
    },
    {
      title: 'who decides is told the URL, and may let the page through',
      files: {
        'etc/nginx/nginx.conf': nginx('', '@login').replace(
          'proxy_pass_request_body off;',
          'proxy_pass_request_body off;\n        proxy_set_header X-Original-URI $request_uri;',
        ),
      },
    },
  ],
  *check(deployment) {
    if (!deployment.nginx.some(({ occurrences }) => occurrences.has('auth_request'))) return
    for (const server of deployment.servers) {
      const { configuration, directive } = server
      const pages = effective(configuration, directive, 'error_page')
      if (!pages.known || !configuration.occurrences.has('auth_request')) continue
      for (const line of pages.value.directives) {
        if (!line.args.slice(0, -1).some(({ value }) => value === '401')) continue
        const path = pathOfLogin(server, line)
        const asked = path === null ? null : whoAsks(deployment, server, path)
        if (path === null || asked === null) continue
        yield {
          at: argumentPlace(line, line.args.length - 1),
          message: `\`${path}\` is behind \`auth_request\` too, so clients are refused there and ${line.args.at(-1)?.value.startsWith('/') ? 'get 401' : 'sent there again'}`,
          label: 'sends refused clients on',
          related: [
            { at: asked.at, message: 'asked for the page too' },
            ...(asked.location === null ? [] : [{ at: asked.location, message: 'the page' }]),
          ],
        }
      }
    }
  },
})

/** The path on this server that refused clients are sent to; null where it is another host's, or no redirect. */
function pathOfLogin({ directive, names }: NginxServer, line: NginxDirective): string | null {
  const page = line.args.at(-1)?.value ?? ''
  const named = page.startsWith('@') ? locationIndex(directive).named.get(page)?.directive : undefined
  const answer = named === undefined ? undefined : childrenNamed(named, 'return')[0]
  const target = named === undefined ? page : (answer?.args.at(-1)?.value ?? '')
  if (named === undefined && !/^(?:https?:|\$scheme:|\/)/.test(page)) return null
  const [, host, path] = /^(?:(?:https?|\$scheme):\/\/([^/]+))?(\/[^?$]*)/.exec(target) ?? []
  if (path === undefined) return null
  const isOwn =
    host === undefined ||
    /^\$(?:http_)?host$/.test(host) ||
    names.some(({ name, exact }) => exact && name === host.toLowerCase())
  return isOwn ? path : null
}

/** Where the `auth_request` of a path is written; null where it has none, or who decides knows what is asked for. */
function whoAsks(
  deployment: Parameters<typeof askServer>[0],
  server: NginxServer,
  path: string,
): { readonly at: Place; readonly location: Place | null } | null {
  const answer = askServer(deployment, server, path)
  const asked = answer?.steps.find(
    ({ kind, at }) => kind === 'access' && at !== null && placeText(at) === 'auth_request',
  )
  if (asked?.at === undefined || asked.at === null) return null
  const line = authRequests(server.configuration).get(asked.at.source, asked.at.start)
  const uri = line?.args[0]?.value ?? ''
  const index = locationIndex(server.directive)
  const verifier = (index.exact.get(uri) ?? index.prefixes.get(uri))?.directive
  if (verifier === undefined || isTold(server, verifier)) return null
  return { at: asked.at, location: answer?.steps.findLast(({ kind }) => kind === 'location')?.at ?? null }
}

const authRequests = memo(({ occurrences }: NginxConfiguration) => {
  const lines = new TextMap<NginxDirective>()
  for (const line of occurrences.get('auth_request') ?? [])
    lines.add(line.source, namePlace(line).start, line)
  return lines
})

/** True where the subrequest says which URL is asked for. */
function isTold({ configuration }: NginxServer, location: NginxDirective): boolean {
  const { children } = location
  if (children.some(({ name }) => name === 'include' || /_by_lua|^js_/.test(name))) return true
  const headers = effective(configuration, location, 'proxy_set_header')
  if (!headers.known) return true
  return [...children, ...headers.value.directives].some(({ args }) =>
    args.some(({ value }) => /\$(?:request_uri|uri|document_uri|request|arg_\w+)\b/.test(value)),
  )
}

import { insertAfter, propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { Connections, SentHeader } from '../../src/deployment/model.ts'
import { namePlace as nginxNamePlace } from '../../src/deployment/places.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer, servedHtaccess } from '../_examples.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { type HeaderLine, headerLine } from '../../src/servers/apache/queries/header-tables.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:443>
      ServerName example.org
      ${lines}
      ProxyPass / http://127.0.0.1:3000/
  </VirtualHost>
`

export default defineRule({
  summary: 'A header is set in the response where the request is meant, or the reverse',
  severity: 'warning',
  otherSeverities: {
    info: 'where nginx tells the backend of TLS by `X-Forwarded-Proto` as well, and of `Front-End-Https`, which few backends read',
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`Header` and nginx’s `add_header` change responses, `RequestHeader` and `proxy_set_header` requests. What a backend is to be told of the client is told to the client, and the backend builds its links with `http://` and logs the address of the proxy.',
  remedy:
    'Write `RequestHeader set X-Forwarded-Proto https`, without `always`, and in nginx `proxy_set_header X-Forwarded-Proto $scheme;`; for the browser `Header always set`, and in nginx `add_header … always;`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_headers.html#requestheader'],
  bad: [
    {
      title: 'what the backend is to be told',
      files: {
        'site.conf': host(conf`
          «Header always» set X-Forwarded-Proto https
          «Header» set X-Real-IP %{REMOTE_ADDR}s
        `),
      },
    },
    {
      title: 'what the browser is to be told',
      files: { 'site.conf': host('«RequestHeader» set Strict-Transport-Security "max-age=31536000"') },
    },
    {
      title: 'what is to be kept from the backend',
      files: {
        'site.conf': host(conf`
          «Header» unset Proxy
          «Header always» unset Accept-Encoding
        `),
      },
    },
    {
      title: 'what is to be kept from the browser',
      files: { 'site.conf': host('«RequestHeader» unset X-Powered-By') },
    },
    {
      title: 'the name and the password for the backend',
      files: {
        'site.conf': host(conf`
          «Header» set Host app.example.org
          «Header» set Authorization "Basic dXNlcjpwYXNz"
        `),
      },
    },
    {
      title: 'what is to be changed for the backend',
      files: {
        'site.conf': host(conf`
          «Header» edit X-Forwarded-For ,.*$ ""
          «Header» edit Destination ^https: http:
        `),
      },
    },
    {
      title: 'in nginx',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
                «add_header» X-Real-IP $remote_addr;
            }
          `),
        ),
      },
    },
    {
      title: 'what is to be kept from a backend of nginx',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
                «proxy_hide_header» Cookie;
                «proxy_hide_header» X-Forwarded-Port;
                «proxy_hide_header» X-Original-URL;
            }
          `),
        ),
      },
    },
    {
      title: 'what nginx is to tell the browser',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
                «proxy_set_header» X-Frame-Options SAMEORIGIN;
            }
          `),
        ),
      },
    },
    {
      title: 'in `.htaccess`',
      files: servedHtaccess(conf`
        «Header» unset Proxy
      `),
    },
  ],
  good: [
    {
      title: 'each to its side',
      files: {
        'site.conf': host(conf`
          RequestHeader set X-Forwarded-Proto https
          Header always set Strict-Transport-Security "max-age=31536000"
          Header unset X-Forwarded-For
          Header set Vary X-Forwarded-Proto
          RequestHeader edit Destination ^https: http: early
          Header edit Location ^http: https:
          Header edit Set-Cookie $ ;Secure
        `),
      },
    },
    {
      title: 'taken away on both sides, or beside what is sent',
      files: {
        'site.conf': host(conf`
          Header unset Proxy
          RequestHeader unset Proxy early
          RequestHeader unset Server
          Header unset Server
          Header unset Set-Cookie
          Header unset Cookie
          RequestHeader unset Cache-Control
        `),
      },
    },
    {
      title: 'kept from a backend of nginx, and hidden beside it',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Cookie "";
                proxy_hide_header Cookie;
                proxy_hide_header Set-Cookie;
            }
          `),
        ),
      },
    },
    {
      title: 'what nginx tells the browser as well',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            add_header X-Frame-Options SAMEORIGIN;
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header X-Frame-Options SAMEORIGIN;
                proxy_set_header Content-Security-Policy "";
            }
          `),
        ),
      },
    },
    {
      title: 'in nginx, where the client is told as well',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header X-Real-IP $remote_addr;
                add_header X-Real-IP $remote_addr;
            }
            location /address {
                add_header X-Real-IP $remote_addr;
                return 204;
            }
          `),
        ),
      },
    },
  ],
  *check({ apache, nginx, connections, filesOf }) {
    for (const configuration of nginx) {
      yield* hiddenInNginx(configuration)
      yield* sentByNginx(configuration)
    }
    if (nginx.some(({ occurrences }) => occurrences.has('add_header'))) yield* inNginx(connections)
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const responses = everywhere(configuration, files, 'header')
      const requests = everywhere(configuration, files, 'requestheader')
      for (const directive of responses) {
        const line = headerLine(directive)
        if (line === null) continue
        const removes = line.action === 'unset'
        const edits = line.action.startsWith('edit')
        if (removes ? !ONLY_OF_REQUESTS.test(line.name) : !isMeantForRequest(line)) continue
        if ((removes || edits) && isRemovedToo(directive, line.name, responses, requests)) continue
        const at = namePlace(directive)
        const [first] = directive.args
        const word = first !== undefined && /^(?:always|onsuccess)$/i.test(first.value) ? first : undefined
        const whole: Place = word === undefined ? at : { ...at, end: word.end }
        yield {
          at: whole,
          message: removes
            ? `\`Header unset\` removes nothing: \`${line.name}\` is no header of a response, and that of the request is passed on`
            : edits
              ? `\`Header ${line.action}\` changes nothing: \`${line.name}\` is no header of a response, and that of the request is passed on as it came`
              : `\`Header\` sends \`${line.name}\` to the client, and the backend is not told`,
          ...(edits && { help: `Write \`RequestHeader ${line.action}\`` }),
          ...propose('Set it in the request', 'unsafe', [replacePlace(whole, 'RequestHeader')]),
        }
      }
      for (const directive of requests) {
        const [action, name] = directive.args
        const verb = action?.value.toLowerCase() ?? ''
        const removes = verb === 'unset'
        if (!removes && !ADDING.has(verb)) continue
        if (!(removes ? ONLY_OF_RESPONSES : OF_RESPONSES).test(name?.value ?? '')) continue
        if (isSent(responses, name?.value ?? '')) continue
        yield {
          at: namePlace(directive),
          message: removes
            ? `\`RequestHeader unset\` removes nothing: \`${name?.value}\` is no header of a request, and that of the response is sent`
            : `\`RequestHeader\` sends \`${name?.value}\` to the backend, and browsers, which it is for, do not get it`,
          ...propose('Set it in the response', 'unsafe', [
            replacePlace(namePlace(directive), 'Header always'),
          ]),
        }
      }
    }
  },
})

/** What `add_header` of a location with a backend sends to the client, and no `proxy_set_header` to the backend. */
function* inNginx({ http }: Connections): Iterable<RuleFinding> {
  for (const { server, block, headers } of http) {
    const added = effective(server.configuration, block, 'add_header')
    if (!added.known || headers.open) continue
    for (const line of added.value.directives) {
      const name = line.args[0]?.value ?? ''
      if (
        !(OF_REQUESTS.test(name) || OF_REQUESTS_WITH_VALUE.test(name)) ||
        headers.written.some(sent => sent.name === name.toLowerCase())
      )
        continue
      const at = nginxNamePlace(line)
      // Another header tells the same, and few backends ask for more than one.
      const isTold = OF_SCHEME.test(name) && headers.written.some(isScheme)
      yield {
        at,
        // Hardly any backend reads that of Microsoft's.
        ...((isTold || /^front-end-https/i.test(name)) && { severity: 'info' as const }),
        message: `\`add_header\` sends \`${name}\` to the client, and the backend is ${isTold ? 'told by `X-Forwarded-Proto` alone' : 'not told'}`,
        ...(line.parent === block
          ? propose('Set it in the request', 'unsafe', [replacePlace(at, 'proxy_set_header')])
          : {}),
      }
    }
  }
}

/** What tells of TLS by another name than `X-Forwarded-Proto`. */
const OF_SCHEME = /^(?:front-end-https|x-forwarded-(?:ssl|scheme)|x-url-scheme):?$/i

function isScheme({ name, state }: SentHeader): boolean {
  return name === 'x-forwarded-proto' && state !== 'cleared'
}

/** `proxy_hide_header` of what no response has: the request keeps it. */
function* hiddenInNginx({ occurrences }: NginxConfiguration): Iterable<RuleFinding> {
  for (const name of HIDING) {
    for (const line of occurrences.get(name) ?? []) {
      const header = line.args[0]?.value ?? ''
      if (!ONLY_OF_REQUESTS.test(header) && !HIDDEN_FROM_BACKENDS.test(header)) continue
      const sets = name.replace('hide', 'set')
      const isSet = (occurrences.get(sets) ?? []).some(
        ({ args }) => args[0]?.value.toLowerCase() === header.toLowerCase(),
      )
      if (isSet) continue
      const at = nginxNamePlace(line)
      const word = line.args[0]
      yield {
        at,
        message: `\`${name}\` hides nothing: \`${header}\` is no header of a response, and that of the request is passed on`,
        ...(sets === 'proxy_set_header' && word !== undefined
          ? propose('Send it empty, which leaves it out', 'unsafe', [
              replacePlace(at, sets),
              insertAfter({ source: line.source, start: word.start, end: word.end }, ' ""'),
            ])
          : {}),
      }
    }
  }
}

/** `proxy_set_header` of what no backend reads: the response lacks it. */
function* sentByNginx({ occurrences }: NginxConfiguration): Iterable<RuleFinding> {
  for (const name of SETTING) {
    for (const line of occurrences.get(name) ?? []) {
      const header = line.args[0]?.value ?? ''
      if (!OF_RESPONSES.test(header) || (line.args[1]?.value ?? '') === '') continue
      const isAdded = (occurrences.get('add_header') ?? []).some(
        ({ args }) => args[0]?.value.toLowerCase() === header.toLowerCase(),
      )
      if (isAdded) continue
      const at = nginxNamePlace(line)
      yield {
        at,
        message: `\`${name}\` sends \`${header}\` to the backend, and browsers, which it is for, do not get it`,
        // One more `add_header` of a block takes away those around it.
        ...(occurrences.has('add_header')
          ? {}
          : propose('Set it in the response', 'unsafe', [replacePlace(at, 'add_header')])),
      }
    }
  }
}

const SETTING = ['proxy_set_header', 'grpc_set_header'] as const

const HIDING = ['proxy_hide_header', 'fastcgi_hide_header', 'uwsgi_hide_header', 'grpc_hide_header'] as const

const ADDING: ReadonlySet<string> = new Set(['set', 'add', 'append', 'merge', 'setifempty'])

const OF_REQUESTS =
  /^(?:x-forwarded-(?:proto|for|host|port|ssl|server|scheme|prefix)|x-real-ip|x-client-ip|x-url-scheme|front-end-https|forwarded):?$/i
const OF_RESPONSES =
  /^(?:strict-transport-security|x-frame-options|x-content-type-options|x-xss-protection|content-security-policy|referrer-policy|permissions-policy|access-control-allow-(?:origin|methods|headers|credentials)):?$/i

/** What no response has, and what no request has. */
const ONLY_OF_REQUESTS =
  /^(?:proxy|authorization|cookie|accept-encoding|if-modified-since|if-none-match|request-range):?$/i
/** What proxies tell backends and no program sends back, and what some take from requests in place of the URL or method. */
const HIDDEN_FROM_BACKENDS =
  /^(?:x-forwarded-(?:by|for|host|port|proto|scheme|server|ssl|prefix)|x-original-ur[il]|x-rewrite-url|x-http-method(?:-override)?|x-remote-user):?$/i
const ONLY_OF_RESPONSES =
  /^(?:server|x-powered-by|x-aspnet-version|x-generator|set-cookie|etag|last-modified|www-authenticate|strict-transport-security|x-frame-options|content-security-policy):?$/i
/** What is rewritten on its way to a backend, for WebDAV among others; no response has it. */
const EDITED_IN_REQUESTS = /^(?:destination|host|authorization|accept-encoding|referer|user-agent):?$/i
/** With a value they are of no use but in a request. */
const OF_REQUESTS_WITH_VALUE = /^(?:host|authorization|cookie|accept-encoding):?$/i

function isMeantForRequest({ action, name }: HeaderLine): boolean {
  if (action.startsWith('edit')) return OF_REQUESTS.test(name) || EDITED_IN_REQUESTS.test(name)
  return ADDING.has(action) && (OF_REQUESTS.test(name) || OF_REQUESTS_WITH_VALUE.test(name))
}

/** True where the request loses the header too, and for `Cookie` beside a `Set-Cookie` that is taken away. */
function isRemovedToo(
  { parent, source }: ApacheDirective,
  name: string,
  responses: readonly ApacheDirective[],
  requests: readonly ApacheDirective[],
): boolean {
  const isNamed = (word: string | undefined): boolean => word?.toLowerCase() === name.toLowerCase()
  if (requests.some(({ args }) => isNamed(args[1]?.value))) return true
  if (!isNamed('cookie')) return false
  return responses.some(
    line =>
      line.parent === parent &&
      line.source === source &&
      headerLine(line)?.name.toLowerCase() === 'set-cookie',
  )
}

/** True where the response has the header as well. */
function isSent(lines: readonly ApacheDirective[], name: string): boolean {
  return lines.some(line => headerLine(line)?.name.toLowerCase() === name.toLowerCase())
}

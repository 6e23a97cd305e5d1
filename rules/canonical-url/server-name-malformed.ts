import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { aliasWords } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { socketsOf } from '../../src/servers/nginx/queries/select-server.ts'
import { nginxMain } from '../_examples.ts'

const nginx = (names: string): string =>
  nginxMain(conf`
    server {
        listen 80 default_server;
        return 410;
    }
    server {
        listen 80;
        server_name ${names};
        return 204;
    }
  `)
const apache = (line: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      ${line}
  </VirtualHost>
`

export default defineRule({
  summary: 'A server name that no request can have',
  severity: 'error',
  otherSeverities: {
    warning: 'for an option of `listen` in a file of which the servers beside it are not known',
    info: 'for the default server, or the first of its file, which answers all the same',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Names are separated by spaces. A comma, a scheme, a port, a path, a bracket or a quote becomes a part of the name, which then matches no `Host`, and without a `;` nginx takes the next directive for names: requests for it are answered by the default server, and both configuration checks are content.',
  remedy: 'Write host names alone, separated by spaces; `default_server` belongs to `listen`',
  references: [
    'https://nginx.org/en/docs/http/server_names.html',
    'https://httpd.apache.org/docs/2.4/mod/core.html#serveralias',
  ],
  bad: [
    { title: 'a comma', files: { 'etc/nginx/nginx.conf': nginx('«example.org,» www.example.org') } },
    {
      title: 'an expression without its sign',
      files: { 'etc/nginx/nginx.conf': nginx('«^(www\\.)?example\\.org$»') },
    },
    { title: 'a wildcard in the middle', files: { 'etc/nginx/nginx.conf': nginx('«api.*.example.org»') } },
    { title: 'a port', files: { 'etc/nginx/nginx.conf': nginx('«example.org:8080»') } },
    { title: 'a port in Apache', files: { 'site.conf': apache('ServerAlias «www.example.org:8080»') } },
    {
      title: 'an option of `listen`',
      files: {
        'site.conf': conf`
        server {
            listen 80;
            server_name «default_server»;
            return 404;
        }
      `,
      },
    },
    { title: 'a scheme', files: { 'etc/nginx/nginx.conf': nginx('«https://example.org»') } },
    {
      title: 'a list as a program prints it',
      files: { 'site.conf': apache('ServerAlias «[www.example.org,» «vi.example.org]»') },
    },
    {
      title: 'a line that does not end, whose next one is taken for names',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          example.org
          «return» 204
        `),
      },
    },
  ],
  good: [
    {
      title: 'names on several lines',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          example.org
          root.example.org
          index
        `),
      },
    },
    {
      title: 'a comment that Apache takes for names',
      files: { 'site.conf': apache('ServerAlias www.example.org # answers "IPv6 alone", too') },
    },
    { title: 'spaces', files: { 'etc/nginx/nginx.conf': nginx('example.org www.example.org') } },
    {
      title: 'a wildcard, an expression, and the names that match nothing on purpose',
      files: { 'etc/nginx/nginx.conf': nginx('*.example.org ~^(www|shop)\\.example\\.[a-z]+$ _ ""') },
    },
    {
      title: 'an option of `listen` that stands there too, and one of the default server',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80 default_server;
              server_name default_server;
              return 404;
          }
          server {
              listen 8080;
              server_name default_server;
              return 404;
          }
        `),
      },
    },
    {
      title: 'a port beside the name without it',
      files: { 'etc/nginx/nginx.conf': nginx('example.org example.org:8080 [::1]') },
    },
    { title: 'wildcards in Apache', files: { 'site.conf': apache('ServerAlias *.example.org ex?mple.org') } },
  ],
  *check({ nginx, apache }) {
    for (const configuration of nginx) {
      const { occurrences } = configuration
      for (const directive of occurrences.get('server_name') ?? []) {
        if (directive.context !== 'server') continue
        yield* withPort(configuration, directive)
        yield* optionOfListen(configuration, directive)
        const swallowed = nextDirective(directive)
        if (swallowed !== -1) yield unended(directive, swallowed)
        for (const [index, { value }] of directive.args.entries()) {
          if (index === swallowed) break
          if (!value.startsWith('~')) yield* judge(directive, index, value)
        }
      }
    }
    for (const { occurrences } of apache) {
      // The first virtual host answers what no other has a name for.
      const isOne = (occurrences.get('servername') ?? []).length < 2
      for (const directive of occurrences.get('serveralias') ?? [])
        for (const [index, { value }] of aliasWords(directive).entries()) {
          yield* aliasWithPort(directive, index, isOne)
          yield* judge(directive, index, value)
        }
    }
  },
})

/** Names with a port, which nginx takes from `Host` before it compares; the default server answers them all the same. */
function* withPort(configuration: NginxConfiguration, directive: NginxDirective): Generator<RuleFinding> {
  for (const [index, { value }] of directive.args.entries()) {
    const host = /^([\w.*-]+):\d+$/.exec(value)?.[1]
    const { parent } = directive
    if (host === undefined || parent === null || isUnknownWord(value)) continue
    const names = childrenNamed(parent, 'server_name').flatMap(({ args }) => args.map(word => word.value))
    if (names.includes(host)) continue
    const isDefault = configuration.main === null || isDefaultServer(configuration, parent)
    yield portInName(directive, index, host, isDefault)
  }
}

/** The name of a `ServerName` may have a port; Apache compares an alias with the host alone. */
function* aliasWithPort(directive: ApacheDirective, index: number, isOne: boolean): Generator<RuleFinding> {
  const value = directive.args[index]?.value ?? ''
  const host = /^([\w.*-]+):\d+$/.exec(value)?.[1]
  if (host === undefined || isUnknownWord(value) || directive.args.some(word => word.value === host)) return
  yield portInName(directive, index, host, isOne)
}

/** @param isHarmless where the server or virtual host answers the name all the same */
function portInName(
  directive: NginxDirective | ApacheDirective,
  index: number,
  host: string,
  isHarmless: boolean,
): RuleFinding {
  const at = argumentPlace(directive, index)
  const value = directive.args[index]?.value ?? ''
  return {
    at,
    ...(isHarmless && ({ severity: 'info' } as const)),
    message: `no request has the host \`${value}\`: ${isNginx(directive) ? 'nginx' : 'Apache'} compares the name without the port`,
    label: 'never matched',
    ...propose(`Write \`${host}\``, 'unsafe', [
      at.source.text.slice(at.start, at.end) === value ? replacePlace(at, host) : null,
    ]),
  }
}

/** `default_server` as a name, which is an option of `listen`: whose server is not the default one, answers nobody. */
function* optionOfListen(
  configuration: NginxConfiguration,
  directive: NginxDirective,
): Generator<RuleFinding> {
  const index = directive.args.findIndex(({ value }) => value === 'default_server')
  const { parent } = directive
  if (index === -1 || parent === null) return
  const isOption = childrenNamed(parent, 'listen').some(({ args }) =>
    args.some(({ value }) => isUnknownWord(value) || /^default(?:_server)?$/.test(value)),
  )
  if (isOption) return
  const isDefault = isDefaultServer(configuration, parent)
  if (isDefault && configuration.main !== null) return
  yield {
    at: argumentPlace(directive, index),
    ...(configuration.main === null && { severity: isDefault ? ('info' as const) : ('warning' as const) }),
    message: '`default_server` is an option of `listen`, and a name here that no request has',
    label: 'a name like any other',
    help: 'Write `listen 80 default_server;`',
  }
}

function isDefaultServer(configuration: NginxConfiguration, server: NginxDirective): boolean {
  return socketsOf(configuration, server).every(
    ({ socket }) => !socket.defaultServer.known || socket.defaultServer.value.server === server,
  )
}

/** The first word that begins a line and is the name of a directive with arguments of its own; -1 where none is. */
function nextDirective({ args, source }: NginxDirective): number {
  const last = args.at(-1)
  if (last === undefined || args.length < 3 || !source.text.slice(args[0]?.start, last.start).includes('\n'))
    return -1
  return args.findIndex(({ value, start }, index) => {
    if (index === 0 || index === args.length - 1 || !IN_SERVER.has(value)) return false
    const line = source.text.lastIndexOf('\n', start)
    return source.text.slice(line + 1, start).trim() === '' && line >= (args[index - 1]?.end ?? 0)
  })
}

/** What people write behind the names of a server; none of them is a label that somebody gives a host. */
const IN_SERVER: ReadonlySet<string> = new Set(
  (
    'listen root rewrite return index access_log error_log charset client_max_body_size include try_files set ' +
    'ssl_certificate ssl_certificate_key ssl_protocols add_header proxy_pass proxy_set_header error_page expires'
  ).split(' '),
)

function unended(directive: NginxDirective, index: number): RuleFinding {
  const name = directive.args[index]?.value ?? ''
  const before = argumentPlace(directive, index - 1)
  return {
    at: argumentPlace(directive, index),
    aspect: 'unended',
    message: `\`${name}\` and what follows it are taken for names of the server: the line above does not end in \`;\``,
    label: 'a name here, no directive',
    related: [{ at: before, message: 'no `;` behind it' }],
    ...propose('End the line above in `;`', 'unsafe', [
      replacePlace(before, `${before.source.text.slice(before.start, before.end)};`),
    ]),
  }
}

/** What a host name cannot hold, and people write: a list, a URL, a value as a program prints it. */
const FOREIGN = /[,;"'[\](){}<>|\\\s]|:\/\/|^[^/]+\/|^\/\//

function* judge(
  directive: NginxDirective | ApacheDirective,
  index: number,
  name: string,
): Iterable<RuleFinding> {
  const isPattern = /^\^/.test(name) || /[^$]\$$/.test(name)
  if (isUnknownWord(name) || isAddress(name)) return
  const isWild = isNginx(directive) && /\*/.test(name.replace(/^\*\.|\.\*$/g, ''))
  if (!isPattern && !isWild && (name.includes('$') || !FOREIGN.test(name))) return
  const at = argumentPlace(directive, index)
  const meant = /^(?:https?:\/\/)?([\w.-]+)[,/]?$/.exec(name)?.[1]
  yield {
    at,
    message: `no request has the host \`${name}\`: ${isPattern ? 'a regular expression begins with `~`' : isWild ? '`*` stands for names at the beginning or the end alone' : reason(name)}`,
    label: 'never matched',
    ...(meant === undefined
      ? {}
      : propose(`Write \`${meant}\``, 'unsafe', [
          at.source.text.slice(at.start, at.end) === name ? replacePlace(at, meant) : null,
        ])),
  }
}

function isNginx(directive: NginxDirective | ApacheDirective): directive is NginxDirective {
  return directive.name === 'server_name'
}

/** An address of version 6 in its brackets is what a client sends. */
function isAddress(name: string): boolean {
  return /^\[[0-9a-f:.]+\]$/i.test(name)
}

function reason(name: string): string {
  if (name.includes('://')) return 'the scheme is a part of it'
  if (name.includes(',') || name.includes(';')) return 'names are separated by spaces'
  return name.includes('/') ? 'the path is a part of it' : 'the punctuation is a part of it'
}

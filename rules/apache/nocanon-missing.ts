import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import type { ApacheConnection, Deployment } from '../../src/deployment/model.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type AskedHost, askHost } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace, isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import type { VirtualHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import {
  encodingProgram,
  type EncodingProgram,
  programOfName,
  RABBITMQ,
  type SlashedProgram,
  slashedProgram,
} from '../_encoding-programs.ts'
import { apacheMain } from '../_examples.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      ${lines}
  </VirtualHost>
`

const registry = (lines: string): string => host(lines).replace('example.org', 'nexus.example.org')

export default defineRule({
  summary: 'ProxyPass without nocanon asks the backend for another path than the client’s',
  severity: 'warning',
  otherSeverities: {
    info: 'where `AllowEncodedSlashes On` decodes the slash, and nobody knows what is behind it',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache answers an encoded slash with 404 unless `AllowEncodedSlashes` lets it through, so that npm finds no package of a scope, `@acme%2fui`, in Nexus. mod_proxy then decodes the path and escapes it anew. With `AllowEncodedSlashes On`, `%2F` becomes a slash, and RabbitMQ, GitLab or Jenkins are asked for a page that they do not have; with `NoDecode` it reaches the backend as `%252F` where a `<Location>` applies. Servers of Matrix sign the path as they send it, `%21room%3A…`, and Synapse answers 401 `Invalid signature for server` where it got `!room:…`.',
  remedy:
    'Write `nocanon` behind the target, `ProxyPass http://127.0.0.1:8008/ nocanon`, and for encoded slashes `AllowEncodedSlashes NoDecode`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypass',
    'https://httpd.apache.org/docs/2.4/mod/core.html#allowencodedslashes',
    'https://element-hq.github.io/synapse/latest/reverse_proxy.html#apache',
  ],
  bad: [
    {
      title: 'in a Location',
      files: {
        'site.conf': host(conf`
          AllowEncodedSlashes NoDecode
          <Location /api/>
              «ProxyPass» http://127.0.0.1:9000/api/
          </Location>
        `),
      },
    },
    {
      title: 'beside a Location that sets a header',
      files: {
        'site.conf': host(conf`
          AllowEncodedSlashes NoDecode
          «ProxyPass» / http://127.0.0.1:9000/
          <Location />
              SetEnv traced 1
          </Location>
        `),
      },
    },
    {
      title: 'RabbitMQ, and a slash that is decoded',
      files: {
        'site.conf': host(conf`
          AllowEncodedSlashes On
          «ProxyPass» / http://127.0.0.1:15672/
        `),
      },
    },
    {
      title: 'a path of Jenkins',
      files: {
        'site.conf': host(conf`
          AllowEncodedSlashes On
          «ProxyPass» /jenkins http://127.0.0.1:9000/jenkins
        `),
      },
    },
    {
      title: 'a slash that is decoded: advice',
      files: {
        'site.conf': host(conf`
          AllowEncodedSlashes On
          <Location /api/>
              «ProxyPass» http://127.0.0.1:9000/api/
          </Location>
        `),
      },
    },
    {
      title: 'Matrix, whose servers sign the path',
      files: {
        'site.conf': host(conf`
          AllowEncodedSlashes NoDecode
          «ProxyPass» /_matrix http://127.0.0.1:9000/_matrix
        `),
      },
    },
    {
      title: 'RabbitMQ, and every encoded slash is refused',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          ['Listen 80', host('«ProxyPass» / http://127.0.0.1:15672/')],
          ['proxy', 'proxy_http'],
        ),
      },
    },
    {
      title: 'Nexus, of which npm asks for packages of a scope',
      files: { 'site.conf': registry('«ProxyPass» / http://127.0.0.1:8081/') },
    },
    {
      title: 'Nexus, and the line that alone lets no slash through',
      files: { 'site.conf': registry('«ProxyPass» / http://127.0.0.1:8081/ nocanon') },
    },
    {
      title: 'Verdaccio, which its port tells',
      files: { 'site.conf': host('«ProxyPass» / http://127.0.0.1:4873/') },
    },
    {
      title: 'GitLab on a machine that has its name',
      files: { 'site.conf': host('«ProxyPass» / http://gitlab.internal.example.org:80/') },
    },
  ],
  good: [
    {
      title: 'Nexus, whose encoded slashes are kept',
      files: {
        'site.conf': registry('AllowEncodedSlashes NoDecode\nProxyPass / http://127.0.0.1:8081/ nocanon'),
      },
    },
    {
      title: 'a site of another program on the port of Nexus',
      files: { 'site.conf': host('ProxyPass / http://127.0.0.1:8081/') },
    },
    {
      title: 'a page about Nexus',
      files: { 'site.conf': registry('ProxyPass / http://127.0.0.1:3000/') },
    },
    {
      title: 'nocanon, and what is not proxied',
      files: {
        'site.conf': host(conf`
          AllowEncodedSlashes NoDecode
          ProxyPass /static/ !
          ProxyPass / http://127.0.0.1:9000/ nocanon retry=0
          <Location />
              SetEnv traced 1
          </Location>
          <Location /api/>
              ProxyPass http://127.0.0.1:9000/api/ nocanon
          </Location>
        `),
      },
    },
    {
      title: 'no section of a Location',
      files: {
        'site.conf': host(conf`
          AllowEncodedSlashes NoDecode
          ProxyPass / http://127.0.0.1:9000/
        `),
      },
    },
    {
      title: 'slashes are refused',
      files: {
        'a.conf': host(conf`
          <Location /api/>
              ProxyPass http://127.0.0.1:9000/api/
          </Location>
        `),
      },
    },
    {
      title: 'RabbitMQ and Matrix, whose paths are kept',
      files: {
        'site.conf': host(conf`
          AllowEncodedSlashes NoDecode
          ProxyPass /_matrix http://127.0.0.1:9000/_matrix nocanon
          ProxyPass /_synapse/client http://127.0.0.1:9000/_synapse/client
          ProxyPass / http://127.0.0.1:15672/ nocanon
        `),
      },
    },
    {
      title: 'Matrix, whose federation has a host of its own',
      files: {
        'site.conf': [
          host('ProxyPass /_matrix http://127.0.0.1:9000/_matrix'),
          host('ProxyPass /_matrix http://127.0.0.1:9000/_matrix nocanon').replace(':80', ':8448'),
        ].join(''),
      },
    },
    {
      title: 'a slash that gunicorn would decode itself',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          [
            'Listen 80',
            host(conf`
              AllowEncodedSlashes On
              ProxyPass / http://127.0.0.1:8000/
            `),
          ],
          ['proxy', 'proxy_http'],
        ),
        'etc/systemd/system/shop.service': conf`
          [Service]
          ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi
        `,
      },
    },
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, ['allowencodedslashes'])) {
      const { configuration, host } = asked
      const slashes = directivesIn(configuration, host?.directive ?? null, 'allowencodedslashes').at(-1)
      const mode = slashes?.args[0]?.value.toLowerCase()
      if (slashes === undefined || (mode !== 'nodecode' && mode !== 'on')) continue
      for (const { line, path } of passes(configuration, host)) {
        const asking = `${path.replace(/\/$/, '')}/${EXISTING}%2F${EXISTING}`
        const url = urlPassed(deployment, asked, asking, line)
        if (url === null || url.includes(`${EXISTING}%2F${EXISTING}`) || !/^https?:/.test(url)) continue
        const finding =
          mode === 'on' ? decoded(deployment, asked, { line, path }, slashes) : escapedTwice(line, slashes)
        if (finding !== null) yield finding
      }
    }
    yield* signedPaths(deployment)
    yield* slashesRefused(deployment)
  },
})

function escapedTwice(line: ApacheDirective, slashes: ApacheDirective): RuleFinding {
  return {
    at: namePlace(line),
    message: `the backend gets \`%252F\` for \`%2F\`, which is escaped once more without \`nocanon\``,
    related: [{ at: argumentPlace(slashes, 0), message: 'lets the encoded slash through' }],
  }
}

/** With `On` the slash is decoded, and the backend is asked for another path. */
function decoded(
  deployment: Deployment,
  { configuration, host }: AskedHost,
  { line, path }: PassingLine,
  slashes: ApacheDirective,
): RuleFinding | null {
  const connection = deployment.connections
    .ofHost(configuration, host?.directive ?? null)
    .find(({ pass }) => pass === line)
  // What runs Python has the path decoded in any case.
  if (connection?.targets.some(target => serverBehind(target) !== null) === true) return null
  const program = connection === undefined ? null : programBehind(connection)
  const own = host?.serverName?.known === true ? host.serverName.value.host : ''
  const isNamed = [path, own].some(text => NAMES.test(text))
  const asked = program?.asked ?? '/a%2Fb'
  return {
    at: namePlace(line),
    ...(program === null && !isNamed && { severity: 'info' as const }),
    message: `the backend is asked for \`${asked.replace('%2F', '/').replace(/\/+/g, '/')}\` where a client asks for \`${asked}\`, as the path is decoded and escaped anew without \`nocanon\``,
    related: [{ at: argumentPlace(slashes, 0), message: 'lets the encoded slash through, and decodes it' }],
  }
}

/** Programs of which everybody who proxies them is told to keep encoded slashes, as a path or a name has them. */
const NAMES = /(?:^|[/.-])(?:rabbitmq|jenkins|gerrit|gitlab|nexus|artifactory|sonar(?:qube)?)(?:[/.-]|$)/i

/** Of Matrix, where servers sign the path of a request as they send it. */
function* signedPaths(deployment: Deployment): Iterable<RuleFinding> {
  const lines = passesOf(deployment).filter(
    ({ line, path }) => /^\/_matrix(?:\/federation)?\/?$/.test(path) && !keepsPath(line),
  )
  if (lines.length === 0) return
  // The federation may have a host of its own.
  const isKept = deployment.apache.some(({ occurrences }) =>
    [...(occurrences.get('proxypass') ?? []), ...(occurrences.get('proxypassmatch') ?? [])].some(
      ({ args }) =>
        args.some(({ value }) => value === 'nocanon') && args.some(({ value }) => value.includes('_matrix')),
    ),
  )
  if (isKept) return
  for (const { asked, line } of lines) {
    const url = urlPassed(deployment, asked, '/_matrix/federation/v1/state/%21room%3Aexample.org', line)
    if (url?.includes('!room') !== true) continue
    yield {
      at: namePlace(line),
      message:
        'servers of Matrix sign `%21room%3A…`, and the backend is asked for `!room:…` without `nocanon`: `Invalid signature for server`',
      label: 'the path is escaped anew',
    }
  }
}

/** Programs whose own URLs hold an encoded slash, which httpd answers with 404 unless it is told otherwise. */
function* slashesRefused(deployment: Deployment): Iterable<RuleFinding> {
  for (const { asked, line, path, connection } of passesOf(deployment)) {
    const program = programBehind(connection) ?? slashedProgram(connection) ?? namedBehind(asked, connection)
    // A value of the main server is not inherited, which another rule tells.
    if (program === null || directivesIn(asked.configuration, null, 'allowencodedslashes').length > 0)
      continue
    const { end } = askHost(deployment, asked, `${path.replace(/\/$/, '')}${program.asked}`)
    if (end.kind !== 'response' || end.status !== 404) continue
    yield {
      at: namePlace(line),
      message: `Apache answers \`${program.asked}\` of ${program.name} with 404, as it refuses an encoded slash`,
      help: keepsPath(line)
        ? 'Write `AllowEncodedSlashes NoDecode` into the virtual host: `nocanon` alone does not let the slash through'
        : 'Write `AllowEncodedSlashes NoDecode` into the virtual host, and `nocanon` behind the target',
    }
  }
}

/** RabbitMQ too, whose pages have a port that nothing else has. */
function programBehind(connection: ApacheConnection): EncodingProgram | null {
  const ofImage = encodingProgram(connection)
  if (ofImage !== null) return ofImage
  const isRabbit = connection.targets.some(({ port }) => port === 15672)
  return isRabbit ? RABBITMQ : null
}

/** What the names of a site, the file that it stands in and the address behind it say. */
function namedBehind(
  { host }: AskedHost,
  { targets, path, host: section }: ApacheConnection,
): SlashedProgram | null {
  const own = host?.serverName?.known === true ? [host.serverName.value.host] : []
  const file = section === null ? [] : [posix.basename(section.source.path)]
  return programOfName({ targets }, [
    ...own,
    ...file,
    path ?? '',
    ...targets.map(({ written }) => written.replace(/:\d+$/, '')),
  ])
}

function keepsPath({ args }: ApacheDirective): boolean {
  return args.some(({ value }) => value === 'nocanon')
}

interface PassOfHost extends PassingLine {
  readonly asked: AskedHost
  readonly connection: ApacheConnection
}

const passesOf = memo((deployment: Deployment): readonly PassOfHost[] => {
  const hosts = new Map(deployment.virtualHosts.map(({ directive, virtualHost }) => [directive, virtualHost]))
  return deployment.connections.apache.flatMap(connection => {
    const { pass, path, protocol, from, host: section } = connection
    const host = section === null ? null : hosts.get(section)
    const isPlain = pass.name === 'ProxyPass' && path?.startsWith('/') === true && isSettled(path)
    if (!isPlain || host === undefined || !protocol.known || !/^https?$/.test(protocol.value)) return []
    return [{ asked: { configuration: from.configuration, host }, line: pass, path, connection }]
  })
})

/** The URL that this line asks the backend for; null where another answers. */
function urlPassed(
  deployment: Deployment,
  asked: AskedHost,
  target: string,
  line: ApacheDirective,
): string | null {
  const { end } = askHost(deployment, asked, target)
  return end.kind === 'pass' && end.directive === line ? end.url : null
}

interface PassingLine {
  readonly line: ApacheDirective
  readonly path: string
}

/** The lines that pass a plain path on, in the host and in its `<Location>` sections. */
function passes(configuration: ApacheConfiguration, host: VirtualHost | null): readonly PassingLine[] {
  const scope = host?.directive ?? null
  const own = directivesIn(configuration, scope, 'proxypass').map(line => ({
    line,
    path: line.args[0]?.value ?? '',
  }))
  const inSections = directivesIn(configuration, scope, 'location').flatMap(section => {
    const { kind, text } = sectionPattern(section)
    if (kind !== 'plain') return []
    return section.children.filter(({ name }) => name === 'ProxyPass').map(line => ({ line, path: text }))
  })
  return [...own, ...inSections].filter(
    ({ line, path }) => path.startsWith('/') && isSettled(path) && !keepsPath(line),
  )
}

import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { type Place, positionAt, type Source } from '../../parsers/text/source.ts'
import { ajpSecrets, ajpWithoutSecret } from '../../parsers/app-server/tomcat.ts'
import type { ApacheConnection, Machine, Target } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'

const tree = (lines: string, connector = 'secret="from-the-vault"', outer = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ${outer}
      <VirtualHost *:80>
          ServerName example.org
          ${lines}
      </VirtualHost>
    `,
    ['proxy', 'proxy_ajp', 'proxy_balancer', 'slotmem_shm', 'lbmethod_byrequests'],
  ),
  'etc/tomcat10/server.xml': conf`
    <Server port="8005" shutdown="SHUTDOWN">
      <Service name="Catalina">
        <Connector protocol="AJP/1.3" address="127.0.0.1" port="8009" ${connector} />
      </Service>
    </Server>
  `,
})

/** A Tomcat of Debian with this connector, and Apache that proxies to it. */
const bare = (directory: string, connector: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': tree('ProxyPass / ajp://127.0.0.1:8009/')['etc/apache2/apache2.conf'] ?? '',
  [`etc/${directory}/server.xml`]: conf`
    <Server port="8005" shutdown="SHUTDOWN">
      <Service name="Catalina">
        ${connector}
      </Service>
    </Server>
  `,
})

export default defineRule({
  summary: 'A connector of AJP requires a secret, and Tomcat has none or Apache does not send it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Since 9.0.31, 8.5.51 and 7.0.100 a connector of AJP requires a secret. Where `server.xml` has none, Tomcat does not start the connector, “The AJP Connector is configured with secretRequired="true" but the secret attribute is either null or ""”, and Apache answers 503. With one, Tomcat answers 403 to every request that comes without it, or with another one, and its own log says nothing of why.',
  remedy:
    'Write the same one in both: `ProxyPass / ajp://127.0.0.1:8009/ secret=…`, which Apache knows since 2.4.42',
  references: [
    'https://tomcat.apache.org/tomcat-10.1-doc/config/ajp.html',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypass',
  ],
  unproven: 'The live tests have no Tomcat',
  bad: [
    { title: 'no secret', files: tree('ProxyPass / «ajp://127.0.0.1:8009/»') },
    { title: 'another secret', files: tree('ProxyPass / ajp://127.0.0.1:8009/ «secret=former»') },
    {
      title: 'a member of a balancer',
      files: tree(
        'ProxyPass / balancer://shop/',
        'secret="from-the-vault"',
        conf`
          <Proxy balancer://shop>
              BalancerMember «ajp://127.0.0.1:8009»
          </Proxy>
        `,
      ),
    },
    {
      title: 'no secret in Tomcat',
      files: bare('tomcat9', '<«Connector» protocol="AJP/1.3" address="127.0.0.1" port="8009" />'),
    },
    {
      title: 'no secret in Tomcat, whose notes name the release',
      files: {
        ...bare('tomcat', '<«Connector» protocol="AJP/1.3" address="127.0.0.1" port="8009" />'),
        'usr/share/tomcat/RELEASE-NOTES': '                     Apache Tomcat Version 9.0.87\n',
      },
    },
    {
      title: 'no secret in Tomcat, whose unit names the release',
      files: {
        'etc/apache2/apache2.conf':
          tree('ProxyPass / ajp://127.0.0.1:8009/')['etc/apache2/apache2.conf'] ?? '',
        'opt/tomcat/conf/server.xml': conf`
          <Server port="8005" shutdown="SHUTDOWN">
            <Service name="Catalina">
              <«Connector» protocol="AJP/1.3" address="127.0.0.1" port="8009" />
            </Service>
          </Server>
        `,
        'etc/systemd/system/tomcat.service': conf`
          [Unit]
          Description=Apache Tomcat 9.0.93
          [Service]
          ExecStart=/opt/tomcat/bin/catalina.sh run
        `,
      },
    },
  ],
  good: [
    {
      title: 'no secret in a Tomcat whose notes say that it is older',
      files: {
        ...bare('tomcat', '<Connector protocol="AJP/1.3" address="127.0.0.1" port="8009" />'),
        'usr/share/tomcat/RELEASE-NOTES': '                     Apache Tomcat Version 9.0.30\n',
      },
    },
    {
      title: 'no secret in a Tomcat that may be older, or where none is required',
      files: {
        ...bare('tomcat8', '<Connector protocol="AJP/1.3" address="127.0.0.1" port="8009" />'),
      },
    },
    {
      title: 'no secret, which is not required',
      files: bare('tomcat9', '<Connector protocol="AJP/1.3" port="8009" secretRequired="false" />'),
    },
    { title: 'its secret', files: tree('ProxyPass / ajp://127.0.0.1:8009/ secret=from-the-vault') },
    {
      title: 'its secret, in a line for the whole backend',
      files: tree(conf`
        <Proxy ajp://127.0.0.1:8009>
            ProxySet secret=from-the-vault
        </Proxy>
        ProxyPass / ajp://127.0.0.1:8009/
      `),
    },
    {
      title: 'a secret that is not required',
      files: tree('ProxyPass / ajp://127.0.0.1:8009/', 'secret="x" secretRequired="false"'),
    },
    {
      title: 'a secret that a property of Java gives',
      files: tree('ProxyPass / ajp://127.0.0.1:8009/', 'secret="${ajp.secret}"'),
    },
  ],
  *check({ connections }) {
    for (const connection of connections.apache) {
      if (setsSecret(connection.from.configuration)) continue
      for (const target of connection.targets) {
        const { to } = target
        if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server') continue
        const { program, sources } = to.listener.program.server
        const [source] = sources
        if (program !== 'tomcat' || source === undefined) continue
        const { port } = to.listener
        const bare = port === null ? undefined : ajpWithoutSecret(source).get(port)
        if (bare !== undefined && isRecent(source.path, target.machine))
          yield {
            at: bare,
            message:
              'this connector has no `secret`, so Tomcat does not start it, and Apache answers 503: `secretRequired` is true by default',
            label: 'no `secret`',
            related: [{ at: target.at, message: 'Apache connects here' }],
            help: 'Give the connector a `secret` and the target of Apache (2.4.42 and later) the same one, or write `secretRequired="false"` where nobody else reaches the port',
          }
        const wanted = to.listener.port === null ? undefined : ajpSecrets(source).get(to.listener.port)
        const line = wanted === undefined ? null : lineOf(connection, target)
        if (wanted === undefined || line === null) continue
        const sent = line.args.findIndex(isSecret)
        const word = line.args[sent]?.value.slice('secret='.length)
        if (word === wanted.secret || (word !== undefined && /[$%]/.test(word))) continue
        const url = line.args.findIndex(({ value }) => value.startsWith('ajp:'))
        yield {
          at: argumentPlace(line, word === undefined ? url : sent),
          message:
            word === undefined
              ? 'Tomcat requires a secret on this connector, and Apache sends none: every request is answered with 403'
              : 'Tomcat requires another secret on this connector: every request is answered with 403',
          label: word === undefined ? 'no `secret=`' : 'not that of Tomcat',
          related: [{ at: wanted.at, message: 'required here' }],
          help: 'Give the worker the parameter `secret` with the value that `server.xml` has',
        }
      }
    }
  },
})

/** False for a Tomcat that may be older than the secret: by its notes, the release in its path or its image, or 7 and 8 of a system. */
function isRecent(path: string, machine: Machine | null): boolean {
  const base = machine?.container?.base ?? ''
  const ofImage = /(?:^|\/)tomcat$/.test(base) ? imageOf(machine) : ''
  const written =
    (machine === null ? undefined : releaseIn(machine, path)) ??
    /tomcat(?:-|:)(\d+(?:\.\d+)*)/.exec(ofImage || path)?.[1] ??
    /\/tomcat-?(\d+)\//.exec(path)?.[1] ??
    (machine === null ? undefined : releaseOfUnit(machine, path))
  if (written === undefined) return ofImage !== ''
  const [major = 0, minor = 0, patch] = written.split('.').map(Number)
  if (patch === undefined) return major >= 9 || ofImage !== ''
  if (major === 9) return patch >= 31 || minor > 0
  return major > 9 || (major === 8 && minor === 5 && patch >= 51) || (major === 7 && patch >= 100)
}

/** The release that the notes of a Tomcat name, which lie in its home: beside `conf`, or in `/usr/share` for `/etc/tomcat`. */
function releaseIn({ files }: Machine, path: string): string | undefined {
  const directory = posix.dirname(path)
  const home = directory.replace(/^\/etc\//, '/usr/share/')
  const notes = sourceAt(files, posix.join(home === directory ? posix.dirname(home) : home, 'RELEASE-NOTES'))
  return /Apache Tomcat Version (\d+\.\d+\.\d+)/.exec(notes?.text ?? '')?.[1]
}

/** The release that the unit of a Tomcat has in its description or its name. */
function releaseOfUnit({ files }: Machine, path: string): string | undefined {
  const home = posix.dirname(posix.dirname(path))
  for (const { name } of files.list(UNITS) ?? []) {
    const text = name.endsWith('.service') ? sourceAt(files, posix.join(UNITS, name))?.text : undefined
    if (text === undefined || !text.includes(home)) continue
    const release =
      /^Description\s*=.*\bTomcat[ /-]?v?(\d+(?:\.\d+)*)/im.exec(text)?.[1] ??
      /^tomcat-?(\d+)\./.exec(name)?.[1]
    if (release !== undefined) return release
  }
  return undefined
}

const UNITS = '/etc/systemd/system'

function imageOf(machine: Machine | null): string {
  const image = machine?.container?.service.image
  return image?.known === true ? image.value : ''
}

function isSecret({ value }: { readonly value: string }): boolean {
  return /^secret=/i.test(value)
}

/** The line that names the address: that which proxies, or the member of its balancer; null for a handler. */
function lineOf({ pass, from }: ApacheConnection, target: Target): ApacheDirective | null {
  if (names(pass, target)) return /^proxypass(?:match)?$/i.test(pass.name) ? pass : null
  const members = membersBySource(from.configuration).get(target.at.source)
  return members?.get(lineNumber(target.at))?.find(member => names(member, target)) ?? null
}

function names({ args, source }: ApacheDirective, { at }: Target): boolean {
  return (
    source === at.source &&
    args.some(word => word.value.startsWith('ajp:') && word.start <= at.start && at.end <= word.end)
  )
}

const lineNumber = ({ source, start }: Place): number => positionAt(source, start).line

const membersBySource = memo(
  ({
    occurrences,
  }: ApacheConfiguration): ReadonlyMap<Source, ReadonlyMap<number, readonly ApacheDirective[]>> =>
    new Map(
      [...groupBy(occurrences.get('balancermember') ?? [], ({ source }) => source)].map(([source, lines]) => [
        source,
        groupBy(lines, line => lineNumber(argumentPlace(line, 0))),
      ]),
    ),
)

const setsSecret = memo(({ occurrences }: ApacheConfiguration): boolean =>
  (occurrences.get('proxyset') ?? []).some(({ args }) => args.some(isSecret)),
)

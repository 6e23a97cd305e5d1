import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { type Place, positionAt, type Source } from '../../parsers/text/source.ts'
import { ajpSecrets } from '../../parsers/app-server/tomcat.ts'
import type { ApacheConnection, Target } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
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

export default defineRule({
  summary: 'Tomcat takes AJP with its secret alone, and Apache does not send it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Since 9.0.31, 8.5.51 and 7.0.100 a connector of AJP requires a secret. Tomcat answers 403 to every request that comes without it, or with another one, and its own log says nothing of why.',
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
  ],
  good: [
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

import { variablesRead } from '../../src/deployment/django/variables-read.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { valueOrNull } from '../../src/servers/fact.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { NginxServer } from '../../src/deployment/model.ts'
import { parseHost } from '../../src/servers/address.ts'
import { assignedValue, djangoConnections, settingsPlace, textList } from './_behind-nginx.ts'
import { djangoBehindNginx } from './_examples.ts'

const hosts = (
  list: string,
  parts: Partial<Parameters<typeof djangoBehindNginx>[0]> = {},
): Record<string, string> => djangoBehindNginx({ settings: `ALLOWED_HOSTS = ${list}\n`, ...parts })

export default defineRule({
  summary: 'Django refuses a name that nginx serves',
  severity: 'error',
  otherSeverities: { warning: 'where other names of the same server are allowed' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `DEBUG`, Django answers 400 Bad Request to every Host that `ALLOWED_HOSTS` does not have: `Invalid HTTP_HOST header`. Without `proxy_set_header Host` nginx sends the name of the upstream, which no list has.',
  remedy: 'Add the name to `ALLOWED_HOSTS`, and send `Host $host`',
  references: ['https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts'],
  bad: [
    { title: 'another name', files: hosts('«["example.com"]»') },
    { title: 'an empty list', files: hosts('«[]»') },
    { title: 'the name of the upstream', files: hosts('«["example.org"]»', { headers: '' }) },
  ],
  good: [
    { title: 'the name', files: hosts('["example.org"]') },
    { title: 'the name and all below it', files: hosts('[".example.org"]') },
    { title: 'every name', files: hosts('["*"]') },
    { title: 'a list of the environment', files: hosts('os.environ["HOSTS"].split(",")') },
    { title: 'the name of the upstream, allowed', files: hosts('["web"]', { headers: '' }) },
    {
      title: 'DEBUG, which allows the names of this machine',
      files: djangoBehindNginx({ settings: 'DEBUG = True\nALLOWED_HOSTS = []\n' }),
    },
  ],
  *check(deployment) {
    for (const { connection, settings, loaded, program } of djangoConnections(deployment)) {
      const { server } = connection
      const allowed = textList(settings, 'ALLOWED_HOSTS')
      if (allowed === null || allowed.includes('*') || mayBeOn(settings.get('DEBUG'))) continue
      if (mayBeOn(settings.get('USE_X_FORWARDED_HOST')) || connection.pass.name !== 'proxy_pass') continue
      if (connection.headers.open || tellsHostsApart(server)) continue
      const sent = (valueOrNull(connection.hostsSent) ?? []).filter(host => !isPlaceholder(host))
      const refused = sent.filter(host => !allowed.some(pattern => matches(host, pattern.toLowerCase())))
      const [first] = refused
      if (first === undefined) continue
      const fact = settings.get('ALLOWED_HOSTS')
      const at = fact?.at == null ? settingsPlace(loaded) : assignedValue(fact.at)
      if (at === null) continue
      const isAll = refused.length === sent.length
      // An address beside names is how monitoring asks, and is refused on purpose.
      if (!isAll && refused.every(host => parseHost(host).kind === 'ip' || host === 'localhost')) continue
      const host = connection.headers.written.findLast(({ name }) => name === 'host')
      yield {
        at,
        severity: isAll ? ('error' as const) : ('warning' as const),
        message: `nginx sends Django the Host \`${first}\`, which \`ALLOWED_HOSTS\` does not have: it answers 400`,
        label: `without \`${first}\``,
        related: [
          host === undefined
            ? {
                at: argumentPlace(connection.pass, 0),
                message: 'nginx sends this name, for no `Host` is set',
              }
            : { at: argumentPlace(host.directive, 1), message: 'nginx sends it here' },
          ...variablesRead(settings.expressionOf('ALLOWED_HOSTS')?.expression).flatMap(name => {
            const variable = program.environment(name)
            return variable?.known === true && variable.at !== null
              ? [{ at: variable.at, message: 'the value comes from here' }]
              : []
          }),
          ...server.names
            .filter(({ name }) => name === first)
            .map(each => ({ at: each.at, message: 'a name of this server' })),
        ],
      }
    }
  },
})

function mayBeOn(fact: { readonly known: boolean; readonly value?: unknown } | null): boolean {
  return fact !== null && (!fact.known || Boolean(fact.value))
}

/** True where the server may send some of its names elsewhere. */
function tellsHostsApart({ directive }: NginxServer): boolean {
  return directive.children.some(
    ({ name, args }) =>
      name === 'if' && args.some(({ value }) => /\$(?:http_)?host|\$server_name/.test(value)),
  )
}

function isPlaceholder(host: string): boolean {
  return host === '' || host.includes('_') || host.startsWith('*') || host.includes('$')
}

/** As `validate_host` of Django does it: a pattern with a dot in front holds for the name itself, too. */
function matches(host: string, pattern: string): boolean {
  if (pattern.startsWith('.')) return host === pattern.slice(1) || host.endsWith(pattern)
  return host === pattern
}

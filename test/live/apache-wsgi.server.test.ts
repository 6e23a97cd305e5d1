import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hostName, virtualHosts } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { isDaemonVisible, wsgiDaemonNamed } from '../../src/servers/apache/queries/wsgi-daemons.ts'
import {
  effectiveApplicationGroup,
  effectiveProcessGroup,
} from '../../src/servers/apache/queries/wsgi-groups.ts'
import { wsgiScriptAliasFor } from '../../src/servers/apache/queries/wsgi-script-aliases.ts'
import { type Choices, choices } from './apache-random.ts'
import { startApache } from './apache-server.ts'
import { understandApache } from './apache-understand.ts'
import { enterNamespace } from './enter-namespace.ts'
import { send } from './request.ts'

enterNamespace(import.meta.url)

const HOSTS = 60
const PORT = 18080

const SCRIPT = `def application(environ, start_response):
    start_response('200 OK', [])
    text = '|'.join([environ['mod_wsgi.process_group'], environ['mod_wsgi.application_group'], __file__])
    return [text.encode()]
`
const SCRIPTS = ['apps/one/wsgi.py', 'apps/two/wsgi.py', 'apps/two/other.wsgi']
const GROUPS = ['alpha', 'beta', 'own', '%{GLOBAL}']
const INTERPRETERS = ['%{GLOBAL}', '%{SERVER}', '%{RESOURCE}', 'named']
const SECTIONS = [
  '<Directory $ROOT/apps>',
  '<Directory $ROOT/apps/two>',
  '<Files wsgi.py>',
  '<Files "*.wsgi">',
  '<Location />',
  '<Location /two>',
  '<LocationMatch "^/one">',
]

function groupLine(choice: Choices): string {
  return choice.chance(0.7)
    ? `WSGIProcessGroup ${choice.pick(GROUPS)}`
    : `WSGIApplicationGroup ${choice.pick(INTERPRETERS)}`
}

function alias(choice: Choices, path: string): string {
  const options = choice.chance(0.2) ? ` process-group=${choice.pick(['alpha', 'beta', '%{GLOBAL}'])}` : ''
  const interpreter =
    options === '' && choice.chance(0.2) ? ` application-group=${choice.pick(INTERPRETERS)}` : ''
  return `WSGIScriptAlias ${path} $ROOT/${choice.pick(SCRIPTS)}${options}${interpreter}`
}

function generateHost(choice: Choices, index: number): string {
  const name = `h${choice.chance(0.3) ? index - 1 : index}.test`
  const paths = choice.some(['/one', '/two', '/two/deep'], 0, 3)
  const sections = choice.some(SECTIONS, 0, 3).map(opener => {
    const section = /^<(\w+)/.exec(opener)?.[1]
    return `${opener}\n${groupLine(choice)}\n</${section}>`
  })
  return [
    `<VirtualHost 127.0.0.1:${PORT + index}>`,
    `ServerName ${name}`,
    ...(choice.chance(0.15)
      ? [`WSGIDaemonProcess own${index} threads=1 home=$ROOT`, `WSGIProcessGroup own${index}`]
      : []),
    ...(choice.chance(0.4) ? [groupLine(choice)] : []),
    ...paths.map(path => alias(choice, path)),
    ...sections,
    '</VirtualHost>',
  ].join('\n')
}

test('the script, the process group and the interpreter that run a request', async () => {
  const choice = choices(20267)
  const hosts = Array.from({ length: HOSTS }, (_, index) => generateHost(choice, index))
  const ports = Array.from({ length: HOSTS }, (_, index) => PORT + index)
  const running = await startApache(
    {
      modules: ['authz_host', 'wsgi'],
      files: Object.fromEntries(SCRIPTS.map(path => [path, SCRIPT])),
      configuration: [
        ...ports.map(port => `Listen 127.0.0.1:${port}`),
        'ServerName main.test',
        'WSGISocketPrefix $ROOT/run/wsgi',
        'WSGIDaemonProcess alpha threads=2 home=$ROOT',
        'WSGIDaemonProcess beta processes=1 threads=2 home=$ROOT display-name="a b"',
        'WSGIProcessGroup beta',
        'WSGIScriptAlias / $ROOT/apps/one/wsgi.py',
        ...hosts,
      ].join('\n'),
    },
    { address: '127.0.0.1', port: PORT },
  )
  try {
    const configuration = understandApache(running)
    const seen = new Set<string>()
    for (const [index, host] of virtualHosts(configuration).entries()) {
      for (const path of ['/one/x', '/two', '/two/deep/er', '/three']) {
        const { status, body } = await send({ url: `http://x:${PORT + index}${path}` })
        const where = `${index} ${path} ${status} ${body}\n${hosts[index]}`
        const alias = wsgiScriptAliasFor(configuration, host, path)
        assert.ok(alias?.script.known, where)
        const group = effectiveProcessGroup(configuration, host, alias, path)
        const interpreter = effectiveApplicationGroup(configuration, host, alias, path)
        assert.ok(group.known && interpreter.known, where)

        const name = group.value.kind === 'embedded' ? '' : group.value.name
        const daemon = name === '' ? null : wsgiDaemonNamed(configuration, name)
        const runs =
          daemon === null || (daemon !== undefined && isDaemonVisible(configuration, daemon, host) === true)
        assert.is(status, runs ? 200 : 500, where)
        seen.add(runs ? group.value.kind : 'refused')
        if (!runs) continue
        const [realGroup, realInterpreter = '', script] =
          body.split('|').length > 3 ? splitResource(body) : body.split('|')
        assert.is(realGroup, name, where)
        assert.is(script, alias.script.value, where)
        const own = hostName(configuration, host)
        assert.ok(own.known)
        switch (interpreter.value.kind) {
          case 'main-interpreter':
            assert.is(realInterpreter, '', where)
            break
          case 'name':
            assert.is(realInterpreter, interpreter.value.name, where)
            break
          default:
            seen.add(interpreter.value.kind)
            assert.is(realInterpreter.includes('|'), interpreter.value.kind === 'resource', where)
        }
      }
    }
    assert.equal([...seen].sort(), ['daemon', 'embedded', 'refused', 'resource', 'server'])
  } finally {
    await running.stop()
  }
})

/** `%{RESOURCE}` has a bar of its own between server and mount point. */
function splitResource(body: string): readonly string[] {
  const parts = body.split('|')
  return [parts[0]!, parts.slice(1, -1).join('|'), parts.at(-1)!]
}

test.run()

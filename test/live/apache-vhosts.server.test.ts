import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseHost } from '../../src/servers/address.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { selectVirtualHost } from '../../src/servers/apache/queries/select-virtual-host.ts'
import { vhostMap } from '../../src/servers/apache/queries/vhost-map.ts'
import { type Choices, choices } from './apache-random.ts'
import { askApache, startApache, writeApache } from './apache-server.ts'
import { understandApache } from './apache-understand.ts'
import { enterNamespace } from './enter-namespace.ts'
import { send } from './request.ts'

enterNamespace(import.meta.url)

const LAYOUTS = 40
const REQUESTS = 400

const ADDRESSES = [
  '*',
  '*:*',
  '*:18080',
  '*:18081',
  '_default_',
  '_default_:18081',
  '0.0.0.0:18080',
  '127.0.0.1',
  '127.0.0.1:18080',
  '127.0.0.1:18081',
  '127.0.0.2:*',
  '127.0.0.2:18080',
  '127.1:18082',
  'localhost:18082',
  '[::1]:18080',
  '::1:18081',
  '[::]:18081',
  '[::ffff:127.0.0.3]:18080',
  '127.0.0.3:18080',
  '*:https',
  '256.1.1.1:80',
]
const NAMES = ['a.test', 'b.test', 'c.a.test', 'd.test', 'x.w.test', 'W.test', 'a.test:18080', 'localhost']
const PATTERNS = ['*.test', '?.test', '*.a.test', 'b*', '*.W.test', '*']

function generateHost(choice: Choices, addresses: readonly string[], marker: string): string {
  const own = choice.some(addresses, 1, choice.chance(0.2) ? 3 : 1)
  // httpd asks a resolver for the name of an address, so a host has one unless all its addresses are `*`.
  const needsName = !own.every(address => /^[*_]/.test(address))
  const names =
    needsName || choice.chance(0.8)
      ? [`ServerName ${choice.chance(0.1) ? 'https://' : ''}${choice.pick(NAMES)}`]
      : []
  if (choice.chance(0.05)) names.push(`ServerName ${choice.pick(NAMES)}`)
  const aliases = choice.chance(0.5)
    ? [`ServerAlias ${choice.some([...NAMES, ...PATTERNS], 1, 3).join(' ')}`]
    : []
  const lines = choice.chance(0.5) ? [...names, ...aliases] : [...aliases, ...names]
  return `<VirtualHost ${own.join(' ')}>\n${lines.join('\n')}\n${marker}\n</VirtualHost>\n`
}

interface Layout {
  readonly configuration: string
  readonly files: Readonly<Record<string, string>>
}

function generateLayout(choice: Choices): Layout {
  const files: Record<string, string> = {}
  const parts = ['Listen 127.0.0.1:18080', 'ServerName main.test']
  for (let index = 0, count = 2 + choice.below(9); index < count; index++) {
    const host = generateHost(choice, ADDRESSES, '')
    if (choice.chance(0.1)) parts.push(`ServerName main.test:${choice.pick([18080, 18081])}`)
    const form = choice.below(8)
    if (form === 0) {
      files[`sites/${index}.conf`] = `# one site\n${host}`
      parts.push(`Include sites/${index}.conf`)
    } else if (form === 1)
      parts.push(`<Macro M${index} $n>\n${host}ServerAdmin $n@x\n</Macro>\nUse M${index} me`)
    else if (form === 2) parts.push(`<IfModule authz_core_module>\n${host}</IfModule>`)
    else parts.push(host)
  }
  return { configuration: parts.join('\n'), files }
}

/** `address:port` to its hosts as `-S` prints them, the default server first. */
type Picture = Record<string, string[]>

function picture(configuration: ApacheConfiguration): Picture {
  const result: Picture = {}
  for (const { address, port, hosts } of vhostMap(configuration).entries) {
    const [only] = hosts
    const lines = hosts.flatMap(({ name, file, line, aliases, wildAliases }) => [
      `${name} (${file}:${line})`,
      ...aliases.map(alias => `alias ${alias}`),
      ...wildAliases.map(alias => `wild ${alias}`),
    ])
    // The aliases of a host that has the address alone are not printed.
    result[`${address}:${port ?? '*'}`] = hosts.length === 1 && only !== undefined ? lines.slice(0, 1) : lines
  }
  return result
}

function realPicture(stdout: string): Picture {
  const result: Picture = {}
  let hosts: string[] = []
  for (const line of stdout.split('\n')) {
    const entry = /^(\S+:(?:\d+|\*))\s+(.*)$/.exec(line)
    const member = /^ +port (?:\d+|\*) namevhost (.*)$/.exec(line)
    const alias = /^ +(wild )?alias (.*)$/.exec(line)
    if (entry !== null) {
      hosts = entry[2] === 'is a NameVirtualHost' ? [] : [entry[2]!]
      result[entry[1]!] = hosts
    } else if (member !== null) hosts.push(member[1]!)
    else if (alias !== null) hosts.push(`${alias[1] === undefined ? 'alias' : 'wild'} ${alias[2]}`)
  }
  return result
}

test('the map of virtual hosts is the one that -S prints', () => {
  const choice = choices(20261)
  for (let index = 0; index < LAYOUTS; index++) {
    const layout = generateLayout(choice)
    const prefix = writeApache({ ...layout, modules: ['macro'] })
    try {
      const { status, stdout, stderr } = askApache(prefix, ['-S'])
      assert.is(status, 0, `${layout.configuration}\n${stderr}`)
      assert.equal(picture(understandApache(prefix)), realPicture(stdout), layout.configuration)
      const ignored = vhostMap(understandApache(prefix)).ignored.length
      assert.is(ignored, stderr.split('AH00547').length - 1, layout.configuration)
    } finally {
      prefix.remove()
    }
  }
})

test('the host that answers is the one that was selected', async () => {
  const choice = choices(20262)
  const sockets = ['127.0.0.1', '127.0.0.2', '127.0.0.3'].flatMap(address =>
    [18080, 18081, 18082, 18083].map(port => ({ address, port })),
  )
  const listening = sockets.map(({ address, port }) => `Listen ${address}:${port}`)
  const addresses = ADDRESSES.filter(
    address => !/^\*(?::\*)?$|https|256|::\]|::1|_default_$/.test(address),
  ).concat('127.0.0.3:18083', '127.0.0.2:18082')
  const hosts = Array.from({ length: 60 }, (_, index) =>
    generateHost(choice, addresses, `Header always set X-Host ${index}`),
  )
  const running = await startApache(
    {
      configuration: [...listening, 'ServerName main.test', 'Header always set X-Host main', ...hosts].join(
        '\n',
      ),
      modules: ['headers'],
    },
    sockets[0]!,
  )
  try {
    const configuration = understandApache(running)
    const marker = new Map<unknown, string>()
    for (const header of configuration.occurrences.get('header') ?? [])
      marker.set(header.parent, header.args[3]?.value ?? '')
    const asked = [
      'a.test',
      'B.TEST',
      'c.a.test.',
      'd.test:99',
      'x.w.test',
      'w.test',
      'q.test',
      'main.test',
      '127.0.0.1',
      '127.0.0.2:1',
      'localhost',
      'nobody.example',
      'bx',
    ]
    const reasons = new Set<string>()
    for (let index = 0; index < REQUESTS; index++) {
      const { address, port } = choice.pick(sockets)
      const host = choice.pick(asked)
      const { headers } = await send({ url: `http://x:${port}/`, address, headers: { Host: host } })
      const selection = selectVirtualHost(configuration, { address: parseHost(address), port, host })
      assert.is.not(selection.kind, 'unknown')
      const ours = selection.kind === 'virtual-host' ? marker.get(selection.virtualHost.directive) : 'main'
      const why = selection.kind === 'virtual-host' ? selection.reason : selection.kind
      reasons.add(why)
      assert.is(ours, headers['x-host'], `${address}:${port} ${host} (${why})`)
    }
    assert.equal([...reasons].sort(), ['address', 'alias', 'first', 'main-server', 'name', 'wild-alias'])
  } finally {
    await running.stop()
  }
})

test.run()

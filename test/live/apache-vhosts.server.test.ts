import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseHost } from '../../src/servers/address.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { selectVirtualHost } from '../../src/servers/apache/queries/select-virtual-host.ts'
import { vhostMap } from '../../src/servers/apache/queries/vhost-map.ts'
import { ADDRESSES, generateHost, generateLayout, type Picture, realPicture } from './apache-layouts.ts'
import { choices } from './apache-random.ts'
import { askApache, startApache, writeApache } from './apache-server.ts'
import { understandApache } from './apache-understand.ts'
import { enterNamespace } from './enter-namespace.ts'
import { send } from './request.ts'

enterNamespace(import.meta.url)

const LAYOUTS = 40
const REQUESTS = 400

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

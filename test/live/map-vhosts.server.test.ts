import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DeploymentMap } from '../../src/deployment/map/deployment-map.ts'
import { runIn } from '../cli/harness.ts'
import { generateLayout, type Picture, realPicture } from './apache-layouts.ts'
import { choices } from './apache-random.ts'
import { type ApachePrefix, askApache, writeApache } from './apache-server.ts'

const LAYOUTS = 25

/** The virtual hosts of `map --format json`, in the words of `-S`. */
async function mappedPicture({ main }: ApachePrefix): Promise<Picture> {
  const words = ['map', main, '--root', '/', '--only', 'topology', '-f', 'json']
  const { code, out, errors } = await runIn('/', words)
  assert.equal([code, errors], [0, []])
  const { deployments } = JSON.parse(out) as { readonly deployments: readonly DeploymentMap[] }
  assert.is(deployments.length, 1)
  const result: Picture = {}
  for (const { address, port, hosts } of deployments[0]?.virtualHosts ?? []) {
    const lines = hosts.flatMap(({ name, file, line, aliases, wildAliases }) => [
      `${name} (${file.startsWith('macro ') ? file : `/${file}`}:${line})`,
      ...aliases.map(alias => `alias ${alias}`),
      ...wildAliases.map(alias => `wild ${alias}`),
    ])
    assert.is(hosts[0]?.default, true)
    // The aliases of a host that has the address alone are not printed.
    result[`${address}:${port ?? '*'}`] = hosts.length === 1 ? lines.slice(0, 1) : lines
  }
  return result
}

test('the command draws the virtual hosts that -S prints, with the files and lines that httpd names', async () => {
  const choice = choices(20263)
  let ofMacros = 0
  for (let index = 0; index < LAYOUTS; index++) {
    const layout = generateLayout(choice)
    const prefix = writeApache({ ...layout, modules: ['macro'] })
    try {
      const { status, stdout, stderr } = askApache(prefix, ['-S'])
      assert.is(status, 0, `${layout.configuration}\n${stderr}`)
      assert.equal(await mappedPicture(prefix), realPicture(stdout), layout.configuration)
      ofMacros += stdout.split("(macro '").length - 1
    } finally {
      prefix.remove()
    }
  }
  assert.ok(ofMacros >= 5, `only ${ofMacros} virtual hosts came from macros`)
})

test.run()

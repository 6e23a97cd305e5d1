import { enterNamespace } from './enter-namespace.ts'

enterNamespace(import.meta.url)

const { spawnSync } = await import('node:child_process')
const { test } = await import('uvu')
const assert: typeof import('uvu/assert') = await import('uvu/assert')
const { commandsOf, readWhyPage } = await import('../docs/why-page.ts')
const { readDeploymentPair } = await import('../ten-deployments.ts')
const { cases } = await import('./cases/ten.ts')
const { startStack } = await import('./stack.ts')

const { introduction, sections } = readWhyPage()
const NAMES = ['', 'www.', 'blog.', 'shop.', 'club.'].map(part => `${part}example.org`)
const EVERYWHERE = Object.fromEntries(NAMES.map(name => [name, '127.0.0.1']))

/**
 * What a command prints, as a terminal shows it. Seconds that it took are never the same twice, and the
 * warnings of a check are none of its verdict.
 */
function run(command: string): readonly string[] {
  const { stdout } = spawnSync('bash', ['-c', `exec 2>&1; ${command}`], { encoding: 'utf8' })
  const lines = stdout.replaceAll('\r', '').split('\n')
  return lines.filter(line => line !== '' && !line.includes(' [warn] ')).map(withoutTime)
}

function withoutTime(line: string): string {
  return line.replace(/^\d+\.\d{6}$/, 'seconds')
}

for (const section of sections) {
  test(`${section.deployment}: every command of docs/why.md prints what the page says`, async () => {
    const hosts = cases.find(({ deployment }) => deployment === section.deployment)?.hosts
    const { broken } = readDeploymentPair(section.deployment)
    const stack = await startStack({ files: broken, hosts: { ...EVERYWHERE, ...hosts } })
    try {
      const checks = commandsOf(introduction).filter(({ output }) => output.length > 0)
      assert.equal(
        checks.map(({ command }) => command),
        ['nginx -t', 'apache2 -t'],
      )
      for (const { command, output } of [...checks, ...commandsOf(section)])
        assert.equal(run(command), output.map(withoutTime), command)
    } finally {
      await stack.stop()
    }
  })
}

test.run()

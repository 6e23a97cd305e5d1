import { enterNamespace } from './enter-namespace.ts'

enterNamespace(import.meta.url)

const { test } = await import('uvu')
const assert: typeof import('uvu/assert') = await import('uvu/assert')
const { auditFiles } = await import('../rules/audit-files.ts')
const { loadRules } = await import('../../tools/load-rules.ts')
const { checkStack } = await import('./stack.ts')

/** Names that examples hand on to and that no machine of a test can resolve. */
const NAMES = /(?:server|proxy_pass)\s+(?:https?:\/\/)?([a-z][\w-]*(?:\.[a-z][\w-]*)+)/g

for (const { rule } of await loadRules()) {
  test(`${rule.id}: the servers' verdict on each example is the one it gets here`, () => {
    for (const example of [...rule.bad, ...rule.good]) {
      // An example for another version of a server cannot be put to this one; a template is not yet a file.
      if (example.files['.auditrc']?.includes('versions')) continue
      if (Object.keys(example.files).some(path => /\.(?:j2|erb|tmpl|template)$/.test(path))) continue
      const files = Object.fromEntries(
        Object.entries(example.files).map(([path, text]) => [path, text.replaceAll(/[«»]/g, '')]),
      )
      const text = Object.values(files).join('\n')
      const hosts = Object.fromEntries([...text.matchAll(NAMES)].map(([, name = '']) => [name, '127.0.0.1']))
      const { arranged, nginx, apache } = checkStack({ files, hosts })
      const expected = new Map(
        auditFiles(files, []).programs.map(({ program, accepted }) => [program, accepted]),
      )
      for (const [program, said] of [
        ['nginx', nginx],
        ['apache', apache],
      ] as const) {
        if (!arranged[program]) continue
        const accepted = expected.get(program)
        assert.is(accepted ?? true, said === null, `${example.title}: ${program} says ${said}`)
      }
    }
  })
}

test.run()

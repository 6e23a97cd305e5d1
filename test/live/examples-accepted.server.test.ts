import type { Rule } from '../../src/engine/rule.ts'
import { enterNamespace } from './enter-namespace.ts'

enterNamespace(import.meta.url)

const { test } = await import('uvu')
const assert: typeof import('uvu/assert') = await import('uvu/assert')
const { auditFiles } = await import('../rules/audit-files.ts')
const { chosenRules } = await import('../rules/chosen-rules.ts')
const { checkStack } = await import('./stack.ts')

const MAIN = { nginx: 'etc/nginx/nginx.conf', apache: 'etc/apache2/apache2.conf' } as const

/** Names that examples proxy to and that no machine of a test can resolve. */
const NAMES = /(?:server|proxy_pass)\s+(?:https?:\/\/)?([a-z][\w-]*(?:\.[a-z][\w-]*)+)/g

/** What hangs on the machine of the test: addresses, names, packages, files, accounts of an image and words of a person that it lacks, modules compiled in elsewhere. */
const MACHINE =
  /bind\(\)|host not found|Cannot load|No such file or directory|does not exist or is empty|must be a valid directory|No MPM loaded|unknown directive "(?:stream|mail|more_\w+|fancyindex\w*|geoip\w*|auth_pam\w*|dav_ext\w*|echo\w*|lua\w*|upload\w*|image_filter\w*|xslt\w*|perl\w*)"|any compression methods|Enter PEM pass phrase|getpwnam\("nginx"\)/

for (const { rule } of await chosenRules()) {
  test(`${rule.id}: what the servers accept is accepted, and what they refuse of a whole tree is refused`, () => {
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
      const expectedBy = (rules: readonly Rule[]): ReadonlyMap<string, boolean> =>
        new Map(auditFiles(files, rules).programs.map(({ program, accepted }) => [program, accepted]))
      for (const [program, said] of [
        ['nginx', nginx],
        ['apache', apache],
      ] as const) {
        if (!arranged[program]) continue
        const told = `${example.title}: ${program} says ${said}`
        if (said === null) assert.ok(expectedBy([]).get(program) ?? true, told)
        // A fragment lacks what its missing outer part would bring: modules, variables, events.
        // What is refused for what other files hold, such as a key, the rule itself may say.
        else if (Object.hasOwn(files, MAIN[program]) && !MACHINE.test(said))
          assert.not.ok(expectedBy([rule]).get(program) ?? true, told)
      }
    }
  })
}

test.run()

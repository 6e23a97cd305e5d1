/**
 * Writes a rule and its live case: `npm run new-rule GROUP/NAME`. Both run as they are; what they say of
 * `server_tokens` is to be replaced.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'

const RULE = `import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const site = (lines: string): string => conf\`
  server {
      listen 80;
      server_name example.org;
      \${lines}
  }
\`

export default defineRule({
  summary: 'nginx sends its version',
  severity: 'warning',
  confidence: 'high',
  since: 'SINCE',
  why: 'Every answer names the release, and with it the faults that it is known to have.',
  remedy: 'Write \`server_tokens off;\`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#server_tokens'],
  bad: [{ title: 'turned on', files: { 'nginx.conf': site('server_tokens «on»;') } }],
  good: [{ title: 'turned off', files: { 'nginx.conf': site('server_tokens off;') } }],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      for (const directive of occurrences.get('server_tokens') ?? []) {
        if (directive.args[0]?.value !== 'on') continue
        yield {
          at: argumentPlace(directive, 0),
          message: '\`server_tokens on\` sends the version of nginx with every answer',
          label: 'names the release',
        }
      }
    }
  },
})
`

const CASE = `  {
    rule: 'ID',
    examples: { bad: 'turned on', good: 'turned off' },
    shows: 'the answer names the version',
    request: { url: 'http://example.org/' },
    harm: ({ response }) => /^nginx\\/\\d/.test(String(response.headers.server)),
    sound: ({ response }) => response.headers.server === 'nginx',
  },
`

const CASES = `import type { LiveCase } from '../live-case.ts'

export const cases: readonly LiveCase[] = [
]
`

const SERVER_TEST = `import { enterNamespace } from './enter-namespace.ts'

enterNamespace(import.meta.url)

const [{ test }, { prove }, { cases }] = await Promise.all([
  import('uvu'),
  import('./prove.ts'),
  import('./cases/GROUP.ts'),
])
prove(cases)
test.run()
`

/**
 * The files of a new rule, by path: the rule, the live cases of its group with one more, and for a new group
 * the test that runs them. Throws a RangeError for an id that no rule may have or that one has.
 *
 * @param read the text of a file; null where there is none
 */
export function newRule(
  id: string,
  version: string,
  read: (path: string) => string | null,
): ReadonlyMap<string, string> {
  const words = /^([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\/[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.exec(id)
  if (words === null)
    throw new RangeError(`expected GROUP/NAME in small letters, digits and hyphens, not "${id}"`)
  const [, group = ''] = words
  const rule = `rules/${id}.ts`
  if (read(rule) !== null) throw new RangeError(`${rule} is there already`)
  const casesPath = `test/live/cases/${group}.ts`
  const cases = read(casesPath) ?? CASES
  const end = cases.indexOf('\n]', cases.indexOf('export const cases')) + 1
  const files = new Map([
    [rule, RULE.replace('SINCE', version)],
    [casesPath, `${cases.slice(0, end)}${CASE.replace('ID', id)}${cases.slice(end)}`],
  ])
  const test = `test/live/rules-${group}.server.test.ts`
  if (read(test) === null) files.set(test, SERVER_TEST.replace('GROUP', group))
  return files
}

function main(): void {
  const [id = '', ...others] = process.argv.slice(2)
  if (id === '' || others.length > 0) throw new RangeError('usage: npm run new-rule GROUP/NAME')
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  const read = (path: string): string | null => (existsSync(path) ? readFileSync(path, 'utf8') : null)
  for (const [path, text] of newRule(id, version, read)) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    console.log(path)
  }
  console.log(`
Make them yours, and run

  RULES=${id} npm test -- test/rules    its examples
  npm run generate    its page, the index, the README
  sudo npm run check-rule -- ${id}    its live case on running servers, and what else is asked of a rule`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    main()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    console.error(error.message)
    process.exit(2)
  }
}

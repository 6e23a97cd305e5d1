import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { rules } from '../../rules/index.generated.ts'
import { readArguments } from '../../src/cli/arguments.ts'
import { SYMPTOMS } from '../../tools/rule-symptoms.ts'
import { scratchTree } from '../files/scratch-tree.ts'
import { runIn } from '../cli/harness.ts'

const PAGES = ['README.md', 'docs/recipes.md']
const OLD_TLS =
  'server {\n  listen 443 ssl;\n  ssl_certificate /a;\n  ssl_certificate_key /b;\n  ssl_protocols TLSv1;\n}\n'

/** The command lines of a page: those that begin a line of code, and those behind npx and a pipe. */
function commandLines(page: string): readonly string[] {
  const code = [...page.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map(([, text = '']) => text).join('\n')
  return [
    ...code.matchAll(
      /(?:^|\| |npx --yes github:\S+ |command: "?|root {2})(?:deploy-audit|(?<=#v[\d.]+ ))([^|>"'\n#]*)/gm,
    ),
  ].map(([, words = '']) => words.trim())
}

test('every command line of the documents is taken by the program', () => {
  let count = 0
  for (const path of PAGES)
    for (const line of commandLines(readFileSync(path, 'utf8'))) {
      count++
      try {
        readArguments(line.split(/\s+/).filter(word => word !== '' && word !== '\\'))
      } catch (error) {
        assert.unreachable(`${path}: deploy-audit ${line}: ${(error as Error).message}`)
      }
    }
  assert.ok(count >= 10, String(count))
})

test('what is seen leads to rules that there are', () => {
  const known = new Set(rules.map(({ id }) => id))
  assert.equal(
    SYMPTOMS.flatMap(([, ids]) => ids.filter(id => !known.has(id))),
    [],
  )
})

test('every link of the documents leads to a file', () => {
  for (const path of [
    ...PAGES,
    'CHANGELOG.md',
    'SECURITY.md',
    'CONTRIBUTING.md',
    'ARCHITECTURE.md',
    'docs/benchmarks.md',
    'docs/rules/README.md',
  ]) {
    for (const [, link = ''] of readFileSync(path, 'utf8').matchAll(/\]\(((?!https?:|#)[^)]+)\)/g))
      assert.ok(existsSync(join(dirname(path), link.replace(/#.*$/, ''))), `${path}: ${link}`)
  }
})

test('the examples of .auditrc and of a suppression do what the README says', async () => {
  const page = readFileSync('README.md', 'utf8')
  const comment = /^# deploy-audit-ignore tls\/weak-protocol -- .*$/m.exec(page)?.[0]
  assert.ok(comment)
  const directory = scratchTree({
    'nginx.conf': OLD_TLS.replace('  ssl_protocols', `  ${comment}\n  ssl_protocols`),
  })
  const { code } = await runIn(directory, [
    '--only',
    'tls/weak-protocol,suppression',
    '--fail-on',
    'info',
    '.',
  ])
  assert.is(code, 0)
})

test('the problem matcher for VS Code reads the concise format', async () => {
  const text = /^ *"regexp": (".*"),$/m.exec(readFileSync('docs/recipes.md', 'utf8'))?.[1] ?? '""'
  const pattern = new RegExp(JSON.parse(text))
  const { out } = await runIn(scratchTree({ 'nginx.conf': OLD_TLS }), ['-f', 'concise', '.'])
  const lines = out.trim().split('\n')
  assert.ok(lines.length > 0)
  for (const line of lines) assert.match(line, pattern)
  const [, file, at, column, severity] =
    pattern.exec(lines.find(line => line.includes('weak-protocol')) ?? '') ?? []
  assert.equal([file, at, column, severity], ['nginx.conf', '5', '17', 'warning'])
})

interface Step {
  readonly run?: string
  readonly env?: Readonly<Record<string, string>>
}

test('inputs of the action reach its shell through the environment alone', () => {
  const { runs, outputs } = parse(readFileSync('action.yml', 'utf8'))
  for (const { run = '' } of runs.steps as readonly Step[]) assert.not.match(run, /\$\{\{/)
  assert.equal(Object.keys(outputs), ['sarif-file', 'findings', 'exit-code'])
})

test('the shell of the action audits, writes SARIF and its outputs, and runs nothing of its inputs', () => {
  const action = scratchTree({})
  mkdirSync(join(action, 'dist'))
  const main = resolve('src/cli/main.ts')
  writeFileSync(
    join(action, 'dist/deploy-audit.js'),
    `const { status } = require('node:child_process').spawnSync(process.execPath, ['--import', ${JSON.stringify(import.meta.resolve('tsx'))}, ${JSON.stringify(main)}, ...process.argv.slice(2)], { stdio: 'inherit' })\nprocess.exit(status)\n`,
  )
  const workspace = scratchTree({ 'nginx.conf': OLD_TLS })
  const run = (inputs: Readonly<Record<string, string>>) => {
    const output = join(workspace, 'output')
    writeFileSync(output, '')
    const { status, stdout, stderr } = spawnSync('bash', [resolve('tools/action.sh')], {
      cwd: workspace,
      env: { PATH: process.env.PATH, AUDIT_ACTION: action, GITHUB_OUTPUT: output, ...inputs },
      encoding: 'utf8',
    })
    const outputs = Object.fromEntries(
      readFileSync(output, 'utf8')
        .trim()
        .split('\n')
        .map(line => line.split('=') as [string, string]),
    )
    return { status, stdout, stderr, outputs }
  }
  const found = run({
    AUDIT_PATH: '.',
    AUDIT_FAIL_ON: 'warning',
    AUDIT_ARGS: '--only tls/weak-protocol',
    AUDIT_CATEGORY: 'a b',
  })
  assert.match(found.stdout, /^::warning file=nginx\.conf,line=5/m, found.stderr)
  assert.equal(found.outputs, { 'exit-code': '1', findings: '1', 'sarif-file': 'deploy-audit.sarif' })
  const [sarif] = JSON.parse(readFileSync(join(workspace, 'deploy-audit.sarif'), 'utf8')).runs
  assert.is(sarif.automationDetails.id, 'a b/')
  const hostile = run({
    AUDIT_PATH: '$(touch owned) `touch owned` ; touch owned',
    AUDIT_ARGS: '',
    AUDIT_FAIL_ON: 'error',
  })
  assert.is(hostile.outputs['exit-code'], '2')
  assert.not.ok(existsSync(join(workspace, 'owned')))
})

test('the man page is bytes that every roff reads', () => {
  assert.match(readFileSync('docs/deploy-audit.1', 'utf8'), /^[\n\x20-\x7E]*$/)
})

test('the completion of bash offers the options of each command', () => {
  const complete = (...words: readonly string[]): readonly string[] => {
    const script = `source docs/completions/deploy-audit.bash; COMP_WORDS=(deploy-audit "$@"); COMP_CWORD=$#; _deploy_audit; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' })
    assert.is(stderr, '')
    return stdout.split('\n').filter(word => word !== '')
  }
  assert.equal(complete('map', '--si'), ['--site'])
  assert.equal(complete('--si'), [])
  assert.equal(complete('--fail-on', 'n'), ['never'])
  assert.equal(complete('explain', 'tls/weak'), ['tls/weak-protocol'])
  assert.equal(complete('rules', '--program', 'dock'), ['docker'])
  assert.equal(complete('rules', 'tls/weak'), ['tls/weak-protocol'])
  assert.equal(complete('help', 'tr'), ['trace'])
  assert.equal(complete('res'), ['resolve'])
})

test.run()

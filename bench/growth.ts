/**
 * Writes `bench/GROWTH.md`: the time of an audit for inputs of growing size, each twice as large as the one
 * before: `npx tsx bench/growth.ts`.
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { runIn } from '../test/cli/harness.ts'
import { scratchTree } from '../test/files/scratch-tree.ts'
import { GROWING } from '../test/limits/hostile-inputs.ts'

const FACTORS = [1, 2, 4, 8]

const rows: string[] = []
for (const { name, size, files, words = ['-f', 'concise'] } of GROWING) {
  const cells: string[] = []
  for (const factor of FACTORS) {
    const directory = scratchTree(files(size * factor))
    const bytes = Object.values(files(size * factor)).reduce((sum, text) => sum + text.length, 0)
    const started = performance.now()
    const { code } = await runIn(directory, [...words, '.'])
    const time = (performance.now() - started).toFixed(0)
    cells.push(`${(bytes / 1000).toFixed(0)} kB: ${time} ms${code === 4 ? ', limit' : ''}`)
  }
  rows.push(`| ${name} | ${size} | ${cells.join(' | ')} |`)
}
const text = `# Time against size

Made by \`npx tsx bench/growth.ts\` on ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, Node ${process.versions.node}. Each input at a
size, and at its doubles; the first column warms up. “limit”: the audit said that it stopped at a limit.
\`test/limits/growth.test.ts\` holds that the second doubling costs at most three times the first.

| input | size | × 1 | × 2 | × 4 | × 8 |
|---|---:|---:|---:|---:|---:|
${rows.join('\n')}
`
writeFileSync(new URL('GROWTH.md', import.meta.url), text)
console.log(text)

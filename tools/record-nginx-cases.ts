/**
 * Asks the installed nginx anew about every case of the files named, and writes down what it says.
 *
 *   tsx tools/record-nginx-cases.ts test/conformance/nginx/*.jsonl
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { askNginx, type NginxCase } from '../test/conformance/nginx/ask-nginx.ts'

for (const path of process.argv.slice(2)) {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  const recorded = lines.map(line => {
    const asked = JSON.parse(line) as NginxCase
    return JSON.stringify({ ...asked, ...askNginx(asked) })
  })
  writeFileSync(path, `${recorded.join('\n')}\n`)
}

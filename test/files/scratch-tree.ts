import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const folders: string[] = []
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** Texts on a disk for one test file: path to content, `-> target` for a link. Returns the folder. */
export function scratchTree(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'deploy-audit-')))
  folders.push(folder)
  for (const [path, text] of Object.entries(files)) {
    const absolute = join(folder, path)
    mkdirSync(dirname(absolute), { recursive: true })
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), absolute)
    else writeFileSync(absolute, text)
  }
  return folder
}

import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
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

/** An account that owns nothing. */
const NOBODY = 65_534

/** Runs `work` as a user who may enter the folder and whom the system refuses what modes forbid. */
export async function asNobody<T>(folder: string, work: () => T): Promise<Awaited<T>> {
  chmodSync(folder, 0o755)
  if (process.getuid?.() !== 0) return await work()
  process.seteuid?.(NOBODY)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

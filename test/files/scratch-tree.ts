import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const directories: string[] = []
process.on('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/** Texts on a disk for one test file: path to content, `-> target` for a link. Returns the directory. */
export function scratchTree(files: Readonly<Record<string, string>>): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'deploy-audit-')))
  directories.push(directory)
  for (const [path, text] of Object.entries(files)) {
    const absolute = join(directory, path)
    mkdirSync(dirname(absolute), { recursive: true })
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), absolute)
    else writeFileSync(absolute, text)
  }
  return directory
}

/** An account that owns nothing. */
const NOBODY = 65_534

/** Runs `work` as a user who may enter the directory and whom the system refuses what modes forbid. */
export async function asNobody<T>(directory: string, work: () => T): Promise<Awaited<T>> {
  chmodSync(directory, 0o755)
  if (process.getuid?.() !== 0) return await work()
  process.seteuid?.(NOBODY)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

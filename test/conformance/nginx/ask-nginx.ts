import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A configuration as its bytes: each character of `conf` and `files` is one byte. */
export interface NginxCase {
  readonly name: string
  readonly conf: string
  /** Path relative to the directory of `nginx.conf` to content; `null` is an empty directory. */
  readonly files: Readonly<Record<string, string | null>>
  /** Link, relative to the same directory, to its target. */
  readonly links?: Readonly<Record<string, string>>
}

export interface NginxVerdict {
  readonly accepts: boolean
  /** What nginx says, from its level on; `$ROOT` stands for the directory of `nginx.conf`. */
  readonly messages: readonly string[]
}

/** Asks the installed nginx about a case, in a private directory that is gone afterwards. */
export function askNginx(asked: NginxCase): NginxVerdict {
  return withCase(asked, (main, run) => {
    const { status, stderr } = run('-t')
    const messages = stderr
      .split('\n')
      .filter(line => /^nginx: \[(?:emerg|crit|alert|warn)\]/.test(line))
      .map(line => line.slice('nginx: '.length).replaceAll(dirname(main), '$ROOT'))
    return { accepts: status === 0, messages }
  })
}

/** Runs nginx on the case's main file with one more option. */
export type RunNginx = (option: '-t' | '-T') => SpawnSyncReturns<string>

/** Writes a case to disk for as long as `use` takes. */
export function withCase<Result>(asked: NginxCase, use: (main: string, run: RunNginx) => Result): Result {
  const root = mkdtempSync(join(tmpdir(), 'nginx-case-'))
  try {
    chmodSync(root, 0o755)
    for (const [path, content] of [['nginx.conf', asked.conf] as const, ...Object.entries(asked.files)]) {
      const target = join(root, path)
      mkdirSync(content === null ? target : dirname(target), { recursive: true })
      if (content !== null) writeFileSync(target, Buffer.from(content, 'latin1'))
    }
    for (const [path, target] of Object.entries(asked.links ?? {})) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      symlinkSync(target, join(root, path))
    }
    const main = join(root, 'nginx.conf')
    return use(main, option => {
      // The prefix lies elsewhere on purpose: includes begin at the directory of the main file.
      const options = ['-p', tmpdir(), '-c', main, '-e', join(root, 'error.log'), option]
      // An include of itself goes on until no more files may be open.
      const command = ['-c', 'ulimit -n 100; exec nginx "$@"', 'nginx', ...options]
      return spawnSync('sh', command, { encoding: option === '-t' ? 'latin1' : 'utf8', timeout: 10_000 })
    })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const APACHE = '/usr/sbin/apache2'

export interface ApacheAnswer {
  readonly accepts: boolean
  readonly stdout: string
  readonly stderr: string
}

/**
 * Asks the real server with `apache2 -t`: it reads, checks and leaves, and starts nothing. As root it
 * runs as nobody; its environment is `env` alone.
 */
export function askApache(args: readonly string[], env: Readonly<Record<string, string>> = {}): ApacheAnswer {
  const unprivileged = ['--reuid=65534', '--regid=65534', '--clear-groups']
  const command = process.getuid?.() === 0 ? ['setpriv', ...unprivileged, APACHE] : [APACHE]
  const [program = APACHE, ...before] = command
  const run = spawnSync(program, [...before, '-t', ...args], {
    env: { ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 30_000,
  })
  if (run.error !== undefined) throw run.error
  return { accepts: run.status === 0, stdout: run.stdout, stderr: run.stderr }
}

/** Runs `use` in a private directory that nobody can read, and removes it afterwards. */
export function inPrivateRoot<T>(use: (root: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'deploy-audit-apache-'))
  try {
    chmodSync(root, 0o755)
    return use(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/**
 * Live tests run deployments as they are written: on ports 80 and 443, with files in /etc and /opt. So a
 * test file re-runs itself inside Linux namespaces of its own, where the loopback interface, the mounts
 * and the processes are private: nothing of the machine is touched, and nothing outlives the test.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const INSIDE = 'DEPLOY_AUDIT_LIVE_NAMESPACE'

/**
 * Returns inside the namespaces. Outside, runs the module at `url` there and ends the process with its
 * result; a machine that allows no namespaces fails with a line that says so.
 */
export function enterNamespace(url: string): void {
  if (process.env[INSIDE] === '1') return
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const { status, error, signal } = spawnSync(
    'unshare',
    [
      ...user,
      '--net',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      'sh',
      '-c',
      'ip link set lo up && exec "$0" "$@"',
      process.execPath,
      '--import',
      'tsx',
      fileURLToPath(url),
    ],
    { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } },
  )
  if (error !== undefined) {
    console.error(`live tests need unshare (util-linux): ${error.message}`)
    process.exit(1)
  }
  if (status === null) console.error(`the live tests were ended by ${signal}`)
  process.exit(status ?? 1)
}

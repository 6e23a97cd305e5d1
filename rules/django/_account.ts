import type { Application, AppServerProgram } from '../../src/deployment/model.ts'
import { apacheUser } from '../_worker-account.ts'

/** The account that runs a project, and owns what it saves; null where nobody says it. */
export function accountOf(runner: AppServerProgram | Application): string | null {
  if ('alias' in runner) {
    const user = runner.daemon?.options.get('user')?.value
    if (user !== undefined) return user.known ? user.value : null
    return apacheUser(runner.configuration)?.name ?? null
  }
  const { server, service, by } = runner
  const started = service?.user?.known === true ? service.user.value : null
  // Root alone can become somebody else.
  if (started !== null && !/^(?:root|0)$/.test(started)) return started
  if (server.user !== null) return server.user.known ? server.user.value : null
  if (by !== 'systemd' || service === null) return null
  if (service.user === null) return 'root'
  return service.user.known ? service.user.value : null
}

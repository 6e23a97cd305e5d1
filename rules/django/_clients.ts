import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { apacheUser } from '../_worker-account.ts'

/** A project whose processes are seen to start, and the account that they have; null where that is not known. */
export interface Client {
  readonly settings: DjangoSettings
  readonly machine: Machine
  readonly account: string | null
}

export function* clientsOf(deployment: Deployment): Iterable<Client> {
  for (const program of programsOfKind(deployment, 'app-server')) {
    const settings = program.isSeen ? deployment.moduleOf(program)?.settings : null
    const account = program.server.user ?? program.service?.user ?? null
    if (settings != null)
      yield { settings, machine: program.machine, account: account?.known === true ? account.value : null }
  }
  for (const application of deployment.applications) {
    const { configuration, daemon, processGroup } = application
    const settings = deployment.pythonOf(application)?.settings
    if (settings == null || !processGroup.known) continue
    const user = daemon?.options.get('user')?.value ?? null
    const own = user === null ? apacheUser(configuration)?.name : user.known ? user.value : null
    const { machine } = deployment.programOf(configuration)
    yield { settings, machine, account: own == null || /^[#$]/.test(own) ? null : own }
  }
}

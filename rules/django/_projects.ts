import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { FileSystem } from '../../src/files/file-system.ts'

/** The settings of a project, and the files among which they lie. */
export interface DjangoProject {
  readonly settings: DjangoSettings
  readonly files: FileSystem
}

/** What people write code and test it with: a `manage.py` names it, and no server runs it. */
const OF_DEVELOPERS =
  /(?:^|[._])(?:dev\w*|local|debug|tests?|testing|ci|pytest|travis)$|(?:^|\.)(?:test|dev|local|debug|sandbox|demo|example)\w*(?:\.|_)settings$|^(?:sandbox|demo|example\w*|test\w*)\./i

function isOfDevelopers({ module }: DjangoSettings): boolean {
  return OF_DEVELOPERS.test(module)
}

/**
 * The projects that a server of the audit runs, or, where it runs no application at all, those that lie there, and what
 * lies beside their settings for a deployment that nobody sees.
 */
export function* djangoProjects(deployment: Deployment): Iterable<DjangoProject> {
  for (const program of deployment.programs) {
    if (program.kind !== 'app-server') continue
    const loaded = deployment.moduleOf(program)
    const { container, files } = program.machine
    const own = container?.files ?? files
    if (
      loaded?.settings != null &&
      !(loaded.module === 'manage' && !program.isSeen && isOfDevelopers(loaded.settings))
    )
      yield { settings: loaded.settings, files: own }
    for (const settings of loaded?.beside() ?? []) yield { settings, files: own }
  }
  for (const application of deployment.applications) {
    const facts = deployment.pythonOf(application)
    const files = deployment.filesOf(application.configuration)
    if (facts?.settings != null) yield { settings: facts.settings, files }
    for (const settings of facts?.beside() ?? []) yield { settings, files }
  }
}

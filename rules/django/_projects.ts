import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { FileSystem } from '../../src/files/file-system.ts'

/** The settings of a project, and the files among which they lie. */
export interface DjangoProject {
  readonly settings: DjangoSettings
  readonly files: FileSystem
}

/** The projects that a server of the audit runs, or, where it runs no application at all, those that lie there. */
export function* djangoProjects(deployment: Deployment): Iterable<DjangoProject> {
  for (const program of deployment.programs) {
    if (program.kind !== 'app-server') continue
    const settings = deployment.moduleOf(program)?.settings
    const { container, files } = program.machine
    if (settings != null) yield { settings, files: container?.files ?? files }
  }
  for (const application of deployment.applications) {
    const settings = deployment.pythonOf(application)?.settings
    if (settings != null) yield { settings, files: deployment.filesOf(application.configuration) }
  }
}

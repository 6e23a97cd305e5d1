import { memo } from '../../parsers/collections/memo.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import type { WsgiDaemon } from '../../src/servers/apache/queries/wsgi-daemons.ts'
import type { Application, Deployment, PythonFacts } from '../../src/deployment/model.ts'

/** One script among those that share processes. */
export interface ProcessMember {
  /** Where several aliases name the script, the first of them. */
  readonly application: Application
  /** Path of the script as the alias writes it. */
  readonly script: string
  /** Null where the script is not in the audit. */
  readonly python: PythonFacts | null
  /**
   * What tells its interpreter from others of the process; null where only the request decides, and for
   * `%{RESOURCE}`, which gives every mount point one of its own.
   */
  readonly interpreter: string | null
}

/** The scripts that run in one group of processes; `daemon` null for Apache's own. */
export interface SharedProcesses {
  readonly configuration: ApacheConfiguration
  readonly daemon: WsgiDaemon | null
  /** Each script once, in reading order. */
  readonly members: readonly ProcessMember[]
}

/** Every process group, and Apache's own processes, with the scripts that run there. */
export const sharedProcesses = memo((deployment: Deployment): readonly SharedProcesses[] =>
  deployment.apache.flatMap(configuration => groupsOf(deployment, configuration)),
)

function groupsOf(deployment: Deployment, configuration: ApacheConfiguration): readonly SharedProcesses[] {
  const groups = new Map<WsgiDaemon | null, Group>()
  for (const application of deployment.applications) {
    const { processGroup, daemon } = application
    if (application.configuration !== configuration || !processGroup.known) continue
    const script = scriptOf(deployment, application)
    if (script === null) continue
    // A group that is not defined runs nothing; in fragments it may be Apache's own in the missing part.
    if (daemon === null && (processGroup.value !== '' || configuration.main === null)) continue
    const member = new Member(deployment, application, script)
    const group = groups.get(daemon)
    if (group === undefined) groups.set(daemon, new Group(configuration, daemon, member))
    else group.add(member)
  }
  return [...groups.values()]
}

/** One behind a placeholder is known where the project is in the audit. */
function scriptOf(deployment: Deployment, application: Application): string | null {
  const { script } = application.alias
  if (script.known) return script.value
  return deployment.pythonOf(application) === null ? null : (application.directive.args[1]?.value ?? null)
}

class Group implements SharedProcesses {
  readonly configuration: ApacheConfiguration
  readonly daemon: WsgiDaemon | null
  readonly members: ProcessMember[]
  /** Most groups of thousands have one member, and need no set. */
  #scripts: Set<string> | null = null

  constructor(configuration: ApacheConfiguration, daemon: WsgiDaemon | null, member: ProcessMember) {
    this.configuration = configuration
    this.daemon = daemon
    this.members = [member]
  }

  add(member: ProcessMember): void {
    this.#scripts ??= new Set(this.members.map(({ script }) => script))
    if (this.#scripts.has(member.script)) return
    this.#scripts.add(member.script)
    this.members.push(member)
  }
}

/** What rules ask of members that are not alone is found when they ask. */
class Member implements ProcessMember {
  readonly application: Application
  readonly script: string
  readonly #deployment: Deployment

  constructor(deployment: Deployment, application: Application, script: string) {
    this.application = application
    this.script = script
    this.#deployment = deployment
  }

  get python(): PythonFacts | null {
    return this.#deployment.pythonOf(this.application)
  }

  get interpreter(): string | null {
    const { applicationGroup } = this.application
    if (!applicationGroup.known) return null
    const { value } = applicationGroup
    if (value.kind === 'main-interpreter') return '%{GLOBAL}'
    return value.kind === 'name' ? value.name : null
  }
}

/**
 * The members of Django projects, one for each settings module that a script names: a project that is
 * mounted twice counts once.
 */
export function djangoProjects(members: readonly ProcessMember[]): readonly ProcessMember[] {
  const projects = new Map<string, ProcessMember>()
  for (const member of members) {
    const module = member.python?.script.settingsModule
    if (module == null) continue
    const known = projects.get(module.name)
    // Of two scripts of one project, the one that does not insist on its settings is the weak one.
    if (known === undefined || (module.how === 'setdefault' && insists(known)))
      projects.set(module.name, member)
  }
  return [...projects.values()]
}

/** True where the script sets the variable whatever stands in it. */
export function insists({ python }: ProcessMember): boolean {
  return python?.script.settingsModule?.how === 'assigned'
}

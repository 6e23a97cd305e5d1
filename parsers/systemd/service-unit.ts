import { type Fact, known } from '../text/fact.ts'
import { factOf, placeOf, readFact, sliceWritten } from '../text/written-text.ts'
import { type ExecCommand, readExec } from './exec-command.ts'
import type { Unit } from './read-unit.ts'
import { fillSpecifiers } from './unit-name.ts'
import { pathBelow, readBoolean, UnitSection, type UnitVariable } from './unit-values.ts'

/** What a `.service` and its drop-ins say. Null where systemd's own default holds. */
export interface ServiceUnit {
  readonly unit: Unit
  readonly type: Fact<string> | null
  /** `PIDFile=`, as written. */
  readonly pidFile: Fact<string> | null
  /** `ExecStart=`: one, but of services of the type oneshot. */
  readonly start: readonly ExecCommand[]
  /** `ExecStartPre=` and `ExecStartPost=`. */
  readonly startPre: readonly ExecCommand[]
  readonly startPost: readonly ExecCommand[]
  /** `ExecStop=`. */
  readonly stop: readonly ExecCommand[]
  /** `KillSignal=`, as written. */
  readonly killSignal: Fact<string> | null
  readonly user: Fact<string> | null
  readonly group: Fact<string> | null
  readonly supplementaryGroups: readonly Fact<string>[]
  readonly dynamicUser: Fact<boolean> | null
  readonly workingDirectory: Fact<string> | null
  /** `RootDirectory=`: the root that the service sees. */
  readonly rootDirectory: Fact<string> | null
  /** Absolute, below `/run`. */
  readonly runtimeDirectories: readonly Fact<string>[]
  readonly runtimeDirectoryMode: Fact<number> | null
  /** Absolute, below `/var/lib`. */
  readonly stateDirectories: readonly Fact<string>[]
  /** Absolute, below `/var/cache` and `/var/log`. */
  readonly cacheDirectories: readonly Fact<string>[]
  readonly logsDirectories: readonly Fact<string>[]
  readonly umask: Fact<number> | null
  readonly privateTmp: Fact<boolean> | null
  readonly privateNetwork: Fact<boolean> | null
  /** `yes`, `no`, `read-only`, `tmpfs`; booleans in any spelling are one of the first two. */
  readonly protectHome: Fact<string> | null
  /** `yes`, `no`, `full`, `strict`. */
  readonly protectSystem: Fact<string> | null
  readonly readWritePaths: readonly Fact<string>[]
  readonly readOnlyPaths: readonly Fact<string>[]
  /** `Environment=`, a later one of a name behind an earlier. */
  readonly environment: readonly UnitVariable[]
  readonly environmentFiles: readonly { readonly path: Fact<string>; readonly optional: boolean }[]
  readonly passEnvironment: readonly Fact<string>[]
  readonly unsetEnvironment: readonly Fact<string>[]
  /** `Sockets=`, besides the socket of its own name. */
  readonly sockets: readonly Fact<string>[]
  /** `Requires=`, `BindsTo=` and `Requisite=`. */
  readonly requires: readonly Fact<string>[]
  readonly wants: readonly Fact<string>[]
  readonly after: readonly Fact<string>[]
  /** `WantedBy=` and `RequiredBy=` of its `[Install]`. */
  readonly wantedBy: readonly Fact<string>[]
  /** `LimitNOFILE=`, as written. */
  readonly limitNoFile: Fact<string> | null
}

export function readServiceUnit(unit: Unit): ServiceUnit {
  const service = new UnitSection(unit, 'Service')
  const head = new UnitSection(unit, 'Unit')
  const install = new UnitSection(unit, 'Install')
  const exec = (name: string): readonly ExecCommand[] =>
    service.all(name).flatMap(setting => readExec(setting, unit.name))
  return {
    unit,
    type: service.fact('Type'),
    pidFile: service.fact('PIDFile'),
    start: exec('ExecStart'),
    startPre: exec('ExecStartPre'),
    startPost: exec('ExecStartPost'),
    stop: exec('ExecStop'),
    killSignal: service.fact('KillSignal'),
    user: service.fact('User'),
    group: service.fact('Group'),
    supplementaryGroups: service.facts('SupplementaryGroups'),
    dynamicUser: service.boolean('DynamicUser'),
    workingDirectory: readWorkingDirectory(service),
    rootDirectory: service.fact('RootDirectory'),
    runtimeDirectories: service.facts('RuntimeDirectory').map(fact => pathBelow('/run', fact)),
    runtimeDirectoryMode: service.mode('RuntimeDirectoryMode'),
    stateDirectories: service.facts('StateDirectory').map(fact => pathBelow('/var/lib', fact)),
    cacheDirectories: service.facts('CacheDirectory').map(fact => pathBelow('/var/cache', fact)),
    logsDirectories: service.facts('LogsDirectory').map(fact => pathBelow('/var/log', fact)),
    umask: service.mode('UMask'),
    // `disconnected` is a private one too.
    privateTmp: readPrivateTmp(service),
    privateNetwork: service.boolean('PrivateNetwork'),
    protectHome: readProtection(service, 'ProtectHome'),
    protectSystem: readProtection(service, 'ProtectSystem'),
    readWritePaths: service.facts('ReadWritePaths'),
    readOnlyPaths: service.facts('ReadOnlyPaths'),
    environment: readEnvironment(service),
    environmentFiles: service.all('EnvironmentFile').map(({ written }) => {
      const path = fillSpecifiers(written, unit.name)
      const optional = path.text.startsWith('-')
      return { path: factOf(optional ? sliceWritten(path, 1) : path), optional }
    }),
    passEnvironment: service.facts('PassEnvironment'),
    unsetEnvironment: service.facts('UnsetEnvironment'),
    sockets: service.facts('Sockets'),
    requires: ['Requires', 'BindsTo', 'Requisite'].flatMap(name => head.facts(name)),
    wants: head.facts('Wants'),
    after: head.facts('After'),
    wantedBy: ['WantedBy', 'RequiredBy'].flatMap(name => install.facts(name)),
    limitNoFile: service.fact('LimitNOFILE'),
  }
}

/** `-` in front says that it may be missing; `~` is the user's home. */
function readWorkingDirectory(service: UnitSection): Fact<string> | null {
  const setting = service.last('WorkingDirectory')
  if (setting === null) return null
  const path = fillSpecifiers(setting.written, service.name)
  return readFact(path.text.startsWith('-') ? sliceWritten(path, 1) : path, text =>
    text.startsWith('/') ? text.replace(/(.)\/+$/, '$1') : undefined,
  )
}

function readPrivateTmp(service: UnitSection): Fact<boolean> | null {
  const setting = service.last('PrivateTmp')
  if (setting === null) return null
  return readFact(setting.written, text => (text === 'disconnected' ? true : readBoolean(text)))
}

function readProtection(service: UnitSection, name: string): Fact<string> | null {
  const fact = service.fact(name)
  if (fact === null || !fact.known) return fact
  const truth = readBoolean(fact.value)
  return truth === undefined ? fact : known(truth ? 'yes' : 'no', fact.at)
}

function readEnvironment(service: UnitSection): readonly UnitVariable[] {
  return service.words('Environment').flatMap(word => {
    const equals = word.text.indexOf('=')
    if (equals < 1) return []
    const name = word.text.slice(0, equals)
    return [{ name, value: factOf(sliceWritten(word, equals + 1)), at: placeOf(word) }]
  })
}

import { type PlaceOf, readGitlab } from '../../../../parsers/app-server/gitlab.ts'
import type { AppServer } from '../../../../parsers/app-server/app-server.ts'
import type { Place, Source } from '../../../../parsers/text/source.ts'
import { sourceAt } from '../../../files/file-system.ts'
import type { Container } from '../../containers/container.ts'
import type { AppServerProgram, Machine } from '../../model.ts'
import { programOf } from './app-server.ts'

const SETTINGS = '/etc/gitlab/gitlab.rb'
const VARIABLE = 'GITLAB_OMNIBUS_CONFIG'

/** GitLab of the Omnibus package, which brings an nginx of its own: by its settings, on a machine or in a container. */
export function gitlabPrograms(machine: Machine): readonly AppServerProgram[] {
  const { container, files } = machine
  const server = container === null ? ofFile(sourceAt(files, SETTINGS)) : ofContainer(container)
  if (server === null) return []
  const command = { words: [], directory: null, environment: () => null }
  // It opens more than its nginx does, and what else listens on the machine nobody says.
  return [
    {
      ...programOf(machine, server, command, { by: null, service: null, sockets: [] }),
      listensKnown: false,
    },
  ]
}

function ofFile(source: Source | null): AppServer | null {
  return source === null || source.template
    ? null
    : readGitlab(source.code, (start, end) => ({ source, start, end }))
}

/** The variable is read after the file. */
function ofContainer({ base, service, files, mounts }: Container): AppServer | null {
  if (!/^gitlab\/gitlab-(?:ce|ee)$/.test(base ?? '') || service.build !== null || !service.complete)
    return null
  const isMounted = mounts.some(({ target, path }) => target.startsWith('/etc/gitlab') && path !== null)
  const variable = service.environment.find(({ name }) => name === VARIABLE)?.value
  if (variable === undefined) return ofFile(sourceAt(files, SETTINGS))
  if (isMounted || variable?.known !== true || variable.at === null) return null
  const { value, at } = variable
  return readGitlab(value, placesOfBlock(value, at))
}

/** A block of YAML is indented where it stands, so that a word of it is found by its whole line. */
function placesOfBlock(value: string, at: Place): PlaceOf {
  return (start, end) => {
    const lineStart = value.lastIndexOf('\n', start - 1) + 1
    const lineEnd = value.indexOf('\n', start)
    const line = value.slice(lineStart, lineEnd === -1 ? value.length : lineEnd)
    const found = at.source.text.indexOf(line, at.start)
    const from = found + start - lineStart
    return found === -1 ? null : { source: at.source, start: from, end: from + end - start }
  }
}

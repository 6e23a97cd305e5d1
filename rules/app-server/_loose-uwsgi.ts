import { readUwsgiVassal, type UwsgiServer } from '../../parsers/app-server/uwsgi.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { isWrittenOut } from '../../parsers/text/source.ts'
import type { Deployment, LooseFiles } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { isBuildProfile } from '../../src/deployment/build-profile.ts'

/** What the configurations of uWSGI in a repository say, whoever starts them: how a line is read hangs on none of it. */
export function looseUwsgi({ machines }: Pick<Deployment, 'machines'>): readonly UwsgiServer[] {
  return machines.flatMap(({ loose }) => (loose === null ? [] : serversAmong(loose)))
}

const COMMAND = { words: [], directory: null, environment: () => null }

const serversAmong = memo(({ starters, files }: LooseFiles): readonly UwsgiServer[] => {
  const read = (path: string) => sourceAt(files, path)
  return starters.uwsgi.flatMap(path => {
    const source = read(path)
    if (source === null || !/^[ \t]*\[uwsgi\]/m.test(source.code) || isBuildProfile(source)) return []
    // Of a template with branches nobody knows which lines are there.
    if (!isWrittenOut(source)) return []
    return [readUwsgiVassal(source, COMMAND, { read, python: null })]
  })
})

import { memoByKey } from '../../parsers/collections/memo.ts'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import { matchedPlace, type Place, type Source } from '../../parsers/text/source.ts'
import { pythonFiles } from '../../src/deployment/django/scheduled-tasks.ts'
import { type DjangoSettings, projectDirectory } from '../../src/deployment/django/settings.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

const OTHERS = /(?:^|\/)(?:tests?\/|migrations\/|test_[^/]*$|conftest\.py$)|_tests?\.py$/

/** The modules of a project, without its tests and migrations; none where nobody can list them. */
export function projectSources(files: FileSystem, settings: DjangoSettings): readonly Source[] {
  const directory = projectDirectory(settings)
  return directory === null ? [] : sourcesBelow(files, directory)
}

const sourcesBelow = memoByKey((files: FileSystem, directory: string): readonly Source[] =>
  (pythonFiles(files, directory) ?? []).flatMap(path =>
    OTHERS.test(path) ? [] : (sourceAt(files, path) ?? []),
  ),
)

/** The first place of a project's modules that a pattern finds outside of comments. */
export function firstInProject(
  files: FileSystem,
  settings: DjangoSettings,
  pattern: RegExp,
  isWanted: (source: Source) => boolean = () => true,
): Place | null {
  for (const source of projectSources(files, settings)) {
    if (!pattern.test(source.text) || !isWanted(source)) continue
    const match = pattern.exec(withoutComments(source.text))
    if (match !== null) return matchedPlace(source, match)
  }
  return null
}

import { memoByKey } from '../../../parsers/collections/memo.ts'
import type { ComposeService } from '../../../parsers/compose/compose.ts'
import { parseDotenv } from '../../../parsers/dotenv/parse-dotenv.ts'
import type { Fact } from '../../../parsers/text/fact.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'

/** The variables that Compose gives the program of a service. */
export interface ServiceVariables {
  /** Those of its `env_file` before those of `environment`, so that the last of a name is the one that counts. */
  readonly variables: readonly {
    readonly name: string
    readonly value: Fact<string> | null
    readonly at: Place
  }[]
  /** The files that they are written in besides its own. */
  readonly sources: readonly Source[]
  /** False where any other may be set: a file of variables, or a part of the service, is not in the audit. */
  readonly complete: boolean
}

/** @param files of the host, in which a path of a compose file leads to a file of variables */
export const serviceVariables = memoByKey(
  ({ envFiles, environment, complete }: ComposeService, files: FileSystem): ServiceVariables => {
    const read = envFiles.map(({ path }) => (path.known ? sourceAt(files, path.value) : null))
    const sources = read.filter(source => source !== null)
    return {
      variables: [...sources.flatMap(parseDotenv), ...environment],
      sources,
      complete: complete && sources.length === read.length,
    }
  },
)

import { memoByKey } from '../collections/memo.ts'
import { parseDotenv } from '../dotenv/parse-dotenv.ts'
import type { Fact } from '../text/fact.ts'
import type { Place, Source } from '../text/source.ts'
import type { ComposeOptions, ComposeService } from './compose.ts'

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
  /** False where any other may be set: a file of variables, or a part of the service, is not there. */
  readonly complete: boolean
}

export const variablesOfService = memoByKey(
  ({ envFiles, environment, complete }: ComposeService, read: ComposeOptions['read']): ServiceVariables => {
    const found = envFiles.map(({ path }) => (path.known ? read(path.value) : null))
    const sources = found.filter(source => source !== null)
    return {
      variables: [...sources.flatMap(parseDotenv), ...environment],
      sources,
      complete: complete && sources.length === found.length,
    }
  },
)

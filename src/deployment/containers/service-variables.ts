import { memo } from '../../../parsers/collections/memo.ts'
import type { ComposeService } from '../../../parsers/compose/compose.ts'
import { type ServiceVariables, variablesOfService } from '../../../parsers/compose/service-variables.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'

/** @param files of the host, in which a path of a compose file leads to a file of variables */
export function serviceVariables(service: ComposeService, files: FileSystem): ServiceVariables {
  return variablesOfService(service, readerOf(files))
}

const readerOf = memo((files: FileSystem) => (path: string) => sourceAt(files, path))

import type { ComposeService, ComposeVariable } from './compose.ts'

/**
 * The variables that a service is given, each once: those of its `env_file`, as far as the files could be read, and its
 * `environment`. What is said of a line of the compose file asks for `environment` alone.
 */
export function givenVariables(
  service: Pick<ComposeService, 'environment' | 'fileVariables'> | null | undefined,
): readonly ComposeVariable[] {
  const { fileVariables, environment } = service ?? { environment: [] }
  return fileVariables === undefined ? environment : [...fileVariables, ...environment]
}

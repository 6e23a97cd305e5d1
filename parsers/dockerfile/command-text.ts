import type { DockerCommand } from './dockerfile.ts'

/** A command as a shell would be given it: its script, or its words with one space between them. */
export function commandText(command: DockerCommand): string {
  return command.form === 'shell' ? command.script.text : command.words.map(({ text }) => text).join(' ')
}

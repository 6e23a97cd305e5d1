import type { AppCommand, AppFiles, AppServer } from './app-server.ts'
import { readAppServer } from './read-app-server.ts'
import { type ShellFiles, type StartedCommand, startedCommands } from './started-commands.ts'

/** An application server, and how a command comes to start it. */
export interface StartedServer {
  readonly server: AppServer
  readonly started: StartedCommand
}

/** Every application server that a command starts, through wrappers, shells and scripts. */
export function readAppServers(command: AppCommand, files: AppFiles & ShellFiles): readonly StartedServer[] {
  return startedCommands(command, files).flatMap(started => {
    const server = readAppServer(started.command, files)
    if (server === null) return []
    // The account of a wrapper holds where the program itself does not change to another.
    return [{ server: { ...server, user: server.user ?? started.user }, started }]
  })
}

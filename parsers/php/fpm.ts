import type { Fact } from '../text/fact.ts'
import type { Place, Source } from '../text/source.ts'
import type { WrittenText } from '../text/written-text.ts'

/** What one `php-fpm` reads: its main file and all that it includes. */
export interface FpmConfiguration {
  /** In the order of reading. */
  readonly sources: readonly Source[]
  /** `[global]`, by name. */
  readonly global: ReadonlyMap<string, WrittenText>
  readonly pools: readonly FpmPool[]
  /** False where an include could not be followed: more pools may be there. */
  readonly complete: boolean
}

/** A pool; null where FPM's own default holds. */
export interface FpmPool {
  readonly name: string
  /** `[name]`, of each file that has it. */
  readonly headers: readonly Place[]
  /** Null where it is missing, and FPM does not start. */
  readonly listen: FpmListen | null
  readonly listenOwner: Fact<string> | null
  readonly listenGroup: Fact<string> | null
  /** 0660 by default. */
  readonly listenMode: Fact<number> | null
  /** With these, owner and group of the socket are ignored. */
  readonly listenAclUsers: Fact<readonly string[]> | null
  readonly listenAclGroups: Fact<readonly string[]> | null
  /** Addresses that may connect by TCP; any where it is null. */
  readonly listenAllowedClients: Fact<readonly string[]> | null
  readonly user: Fact<string> | null
  readonly group: Fact<string> | null
  readonly prefix: Fact<string> | null
  readonly chroot: Fact<string> | null
  readonly chdir: Fact<string> | null
  /** `static`, `dynamic`, `ondemand`. */
  readonly processManager: Fact<string> | null
  readonly maxChildren: Fact<number> | null
  /** Seconds; 0 is never. */
  readonly requestTerminateTimeout: Fact<number> | null
  readonly statusPath: Fact<string> | null
  readonly pingPath: Fact<string> | null
  /** Endings that PHP executes; `.php .phar` by default, all where it is empty. */
  readonly limitExtensions: Fact<readonly string[]> | null
  readonly clearEnvironment: Fact<boolean> | null
  readonly environment: ReadonlyMap<string, WrittenText>
  /** `php_value`, `php_flag`, `php_admin_value`, `php_admin_flag` by the name of the PHP setting. */
  readonly phpSettings: ReadonlyMap<string, FpmPhpSetting>
  /** Every other setting by its name, the last one of each. */
  readonly settings: ReadonlyMap<string, WrittenText>
  /** False where a file that is included inside of the pool is not in the audit. */
  readonly complete: boolean
}

export interface FpmListen {
  readonly at: Place
  readonly address: Fact<FpmAddress>
}

export type FpmAddress =
  | { readonly kind: 'unix'; readonly path: string }
  /** `host` is null for every address. */
  | { readonly kind: 'ip'; readonly host: string | null; readonly port: number }

export interface FpmPhpSetting {
  readonly value: WrittenText
  readonly at: Place
  /** True where a script cannot change it. */
  readonly admin: boolean
  readonly flag: boolean
}

/** Where FPM's files are read from. */
export interface FpmFiles {
  readonly read: (path: string) => Source | null
  /** Names in a directory; null where it is not there or not known whole. */
  readonly list: (directory: string) => readonly string[] | null
}

import type { CertificateFields } from './read-certificate.ts'

/** The certificate that a client proved to have the key of, to us or to a proxy that is trusted. */
export interface ClientCertificate {
  readonly fields: CertificateFields
  /** Why it lets nobody in at this moment: revoked, expired, of a foreign authority. For the log, never for the caller. */
  findProblem(): string | undefined
}

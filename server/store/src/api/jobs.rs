//! Jobs: creating, claiming, writing and reading them.

use crate::job::{
    ClaimRequest, ClaimedJob, JobFilter, JobPoints, JobRecord, JobUpdate, Lease, NewJob,
    NewLogEntry, PackedChanges, Retry,
};
use crate::{Error, RequestRecord, Store, on};
use resync_core::id::JobId;
use resync_core::job::{JobChange, JobState, LogEntry};
use resync_core::time::Timestamp;

impl Store {
    /// Creates a pending job. The subject of `request` is its id.
    ///
    /// # Errors
    /// [`Error::JobInTheWay`] when the job is a resync (not a preview) and another one of the same
    /// synchronizer has not ended; [`Error::Stale`] when the synchronizer's etag is another;
    /// [`Error::NotFound`] when the structure is not there or deleted or the synchronizer is not
    /// there; [`Error::AlreadyExists`], with the other job as its name, when the job confirms a
    /// preview that another one has confirmed; [`Error::AlreadyAnswered`] and
    /// [`Error::RequestIdReused`] by the request.
    pub async fn create_job(
        &self,
        new: NewJob,
        request: Option<RequestRecord>,
    ) -> Result<JobRecord, Error> {
        on!(self.write, jobs::create(&new, false, request.as_ref()))
    }

    /// Creates a pending job that may wait behind another resync of the same synchronizer.
    ///
    /// # Errors
    /// As [`Store::create_job`], but for [`Error::JobInTheWay`].
    pub async fn queue_job(
        &self,
        new: NewJob,
        request: Option<RequestRecord>,
    ) -> Result<JobRecord, Error> {
        on!(self.write, jobs::create(&new, true, request.as_ref()))
    }

    /// Gets a job.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get_job(&self, id: JobId) -> Result<JobRecord, Error> {
        on!(self.read, jobs::get(id))
    }

    /// Where a job is in the history of its structure.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn job_points(&self, id: JobId) -> Result<JobPoints, Error> {
        on!(self.read, jobs::points(id))
    }

    /// The revision of a job, for watchers that look whether there is something new.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn job_revision(&self, id: JobId) -> Result<i64, Error> {
        on!(self.read, jobs::revision(id))
    }

    /// Lists at most `limit` jobs, newest first, from the one before `before`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_jobs(
        &self,
        filter: JobFilter,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<JobRecord>, Error> {
        on!(self.read, jobs::list(filter, before, limit))
    }

    /// Claims the next job that may run, if there is one, and notes on the others why they wait.
    ///
    /// A job whose worker vanished (its lease is over) is claimed like any other. One job at a
    /// time changes a structure, in the order of creation; a job that is due later lets others
    /// pass. Previews run beside them. [`Job::attempt`](resync_core::job::Job::attempt) grows with
    /// every claim but the first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn claim_next(&self, request: ClaimRequest) -> Result<Option<ClaimedJob>, Error> {
        on!(self.write, claim::claim_next(&request))
    }

    /// Extends a lease. Returns the state: [`JobState::Cancelling`] when the worker is to stop.
    /// To be called every third of the lease.
    ///
    /// # Errors
    /// [`Error::LeaseLost`].
    pub async fn heartbeat(
        &self,
        lease: Lease,
        now: Timestamp,
        lease_ms: i64,
    ) -> Result<JobState, Error> {
        on!(self.write, jobs::heartbeat(lease, now, lease_ms))
    }

    /// Writes to a claimed job. A final state ends it: the lease is over, and its end time set.
    ///
    /// # Errors
    /// [`Error::LeaseLost`]; [`Error::TransitionNotAllowed`], for example from
    /// [`JobState::Cancelling`] back to [`JobState::Running`].
    pub async fn update_job(
        &self,
        lease: Lease,
        update: JobUpdate,
        time: Timestamp,
    ) -> Result<JobRecord, Error> {
        on!(self.write, jobs::update(lease, &update, time))
    }

    /// Gives a claimed job back, to be claimed again when its next try is due.
    ///
    /// # Errors
    /// [`Error::LeaseLost`]; [`Error::TransitionNotAllowed`] when the job is being cancelled.
    pub async fn release_for_retry(
        &self,
        lease: Lease,
        retry: Retry,
        time: Timestamp,
    ) -> Result<JobRecord, Error> {
        on!(self.write, jobs::release(lease, retry, time))
    }

    /// Asks a job to stop: a pending one is cancelled at once, a running one is
    /// [`JobState::Cancelling`] until its worker has stopped, one that has ended stays as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn request_cancel(&self, id: JobId, time: Timestamp) -> Result<JobRecord, Error> {
        on!(self.write, jobs::request_cancel(id, time))
    }

    /// Replaces the list of changes of a claimed job, whole, in order of their ordinals, and
    /// writes `update` with it (usually the plan's summary).
    ///
    /// # Errors
    /// As [`Store::update_job`].
    pub async fn store_plan(
        &self,
        lease: Lease,
        changes: Vec<JobChange>,
        update: JobUpdate,
        time: Timestamp,
    ) -> Result<JobRecord, Error> {
        let packed = PackedChanges::pack(changes)?;
        self.store_packed_plan(lease, packed, update, time).await
    }

    /// As [`Store::store_plan`], for a list that is too long to have it in memory as values.
    ///
    /// # Errors
    /// As [`Store::update_job`].
    pub async fn store_packed_plan(
        &self,
        lease: Lease,
        packed: PackedChanges,
        update: JobUpdate,
        time: Timestamp,
    ) -> Result<JobRecord, Error> {
        on!(
            self.write,
            job_records::store_plan(lease, packed, &update, time)
        )
    }

    /// Lists at most `limit` changes of a job, from the one after `after`; 0 starts.
    ///
    /// A planned change reads as applied once the job has its result version: a job makes all its
    /// changes in one commit. Changes that turned out not to be needed are stored as skipped
    /// before that, by storing the plan again.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn list_job_changes(
        &self,
        id: JobId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<JobChange>, Error> {
        on!(self.snapshot, job_records::list_changes(id, after, limit))
    }

    /// Appends lines to the log of a claimed job.
    ///
    /// # Errors
    /// [`Error::LeaseLost`].
    pub async fn append_log(&self, lease: Lease, entries: Vec<NewLogEntry>) -> Result<(), Error> {
        on!(self.write, job_records::append_log(lease, &entries))
    }

    /// Lists at most `limit` lines of a job's log, from the one after `after`; 0 starts.
    ///
    /// # Errors
    /// Those of the database. An unknown job has no lines.
    pub async fn list_log(
        &self,
        id: JobId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<LogEntry>, Error> {
        on!(self.read, job_records::list_log(id, after, limit))
    }
}

//! A server that fails as it is told, in the process of a test and on its clock: no real server can
//! be made to break at a given message. It stands in for no behaviour of the service.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{Arc, Mutex},
};

use futures::{Stream, StreamExt, stream};
use hyper_util::rt::TokioIo;
use resync_api::v1::{
    CancelJobRequest, CancelJobResponse, GetJobRequest, GetJobResponse, Job, ListJobChangesRequest,
    ListJobChangesResponse, ListJobsRequest, ListJobsResponse, PreviewResyncRequest,
    PreviewResyncResponse, RunResyncRequest, RunResyncResponse, WaitJobRequest, WaitJobResponse,
    WatchJobRequest, WatchJobResponse,
    job_service_server::{JobService, JobServiceServer},
    resync_service_server::{ResyncService, ResyncServiceServer},
};
use tokio::{
    io::DuplexStream,
    sync::mpsc::{self, UnboundedSender},
    task::AbortHandle,
};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{
    Request, Response, Status,
    transport::{Endpoint, Server},
};

use crate::client::Client;

/// The bytes that are under way in one direction at most.
const WIRE_BYTES: usize = 64 * 1024;

/// How one call is answered.
#[derive(Clone)]
pub(crate) enum Answer {
    /// With success.
    Ok,
    /// With an error.
    Fail(Status),
    /// Not at all.
    Silence,
    /// By cutting the connection.
    Break,
    /// With these messages, and then an end, or an error.
    Stream(Vec<WatchJobResponse>, Option<Status>),
}

#[derive(Default)]
struct Shared {
    answers: Mutex<VecDeque<Answer>>,
    calls: Mutex<Vec<String>>,
    request_ids: Mutex<Vec<String>>,
    wires: Mutex<Vec<AbortHandle>>,
}

#[derive(Clone)]
struct Scripted(Arc<Shared>);

pub(crate) struct ScriptedServer {
    shared: Arc<Shared>,
    incoming: UnboundedSender<io::Result<DuplexStream>>,
}

impl ScriptedServer {
    /// Starts a server that answers one call after the other as told.
    pub(crate) fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect());
        let shared = Arc::new(Shared {
            answers,
            ..Default::default()
        });
        let scripted = Scripted(Arc::clone(&shared));
        let (incoming, connections) = mpsc::unbounded_channel();
        let server = Server::builder()
            .add_service(JobServiceServer::new(scripted.clone()))
            .add_service(ResyncServiceServer::new(scripted))
            .serve_with_incoming(UnboundedReceiverStream::new(connections));
        tokio::spawn(server);
        Self { shared, incoming }
    }

    /// A client of this server.
    pub(crate) fn client(&self) -> Client {
        let (shared, incoming) = (Arc::clone(&self.shared), self.incoming.clone());
        let connector = tower::service_fn(move |_| {
            let connection = connect(&shared, &incoming);
            async move { Ok::<_, io::Error>(TokioIo::new(connection)) }
        });
        let endpoint = Endpoint::from_static("http://scripted.invalid");
        Client::over(endpoint.connect_with_connector_lazy(connector))
    }

    /// The calls so far, one a line.
    pub(crate) fn calls(&self) -> String {
        self.shared.calls.lock().unwrap().join("\n")
    }

    /// The request ids of the writes so far.
    pub(crate) fn request_ids(&self) -> Vec<String> {
        self.shared.request_ids.lock().unwrap().clone()
    }
}

/// A connection that can be cut: two pairs of ends, and a task that carries bytes between them.
fn connect(shared: &Shared, incoming: &UnboundedSender<io::Result<DuplexStream>>) -> DuplexStream {
    let (client, mut client_side) = tokio::io::duplex(WIRE_BYTES);
    let (mut server_side, server) = tokio::io::duplex(WIRE_BYTES);
    let wire = tokio::spawn(async move {
        tokio::io::copy_bidirectional(&mut client_side, &mut server_side).await
    });
    shared.wires.lock().unwrap().push(wire.abort_handle());
    incoming
        .send(Ok(server))
        .expect("the server runs as long as the test");
    client
}

impl Scripted {
    fn saw<Message>(&self, method: &str, request: &Request<Message>) {
        let timeout = request
            .metadata()
            .get("grpc-timeout")
            .expect("a deadline")
            .to_str()
            .unwrap();
        let (digits, unit) = timeout.split_at(timeout.len() - 1);
        let scale = match unit {
            "S" => 1,
            "m" => 1_000,
            "u" => 1_000_000,
            _ => panic!("unexpected unit in {timeout}"),
        };
        let seconds = digits.parse::<u64>().unwrap() / scale;
        self.0
            .calls
            .lock()
            .unwrap()
            .push(format!("{method} within {seconds} s"));
    }

    fn saw_id(&self, request_id: &str) {
        self.0
            .request_ids
            .lock()
            .unwrap()
            .push(request_id.to_owned());
    }

    fn next(&self) -> Answer {
        self.0
            .answers
            .lock()
            .unwrap()
            .pop_front()
            .expect("another answer in the script")
    }

    fn cut(&self) {
        for wire in self.0.wires.lock().unwrap().drain(..) {
            wire.abort();
        }
    }

    async fn answer<Message>(&self, message: Message) -> Result<Response<Message>, Status> {
        match self.next() {
            Answer::Ok => return Ok(Response::new(message)),
            Answer::Fail(status) => return Err(status),
            Answer::Silence => {}
            Answer::Break => self.cut(),
            Answer::Stream(..) => panic!("a stream answers a watch only"),
        }
        std::future::pending().await
    }
}

#[tonic::async_trait]
impl JobService for Scripted {
    type WatchJobStream = Pin<Box<dyn Stream<Item = Result<WatchJobResponse, Status>> + Send>>;

    async fn get_job(
        &self,
        request: Request<GetJobRequest>,
    ) -> Result<Response<GetJobResponse>, Status> {
        self.saw("GetJob", &request);
        let job = Job {
            name: request.into_inner().name,
            ..Default::default()
        };
        self.answer(GetJobResponse { job: Some(job) }).await
    }

    async fn cancel_job(
        &self,
        request: Request<CancelJobRequest>,
    ) -> Result<Response<CancelJobResponse>, Status> {
        self.saw("CancelJob", &request);
        self.answer(CancelJobResponse::default()).await
    }

    async fn watch_job(
        &self,
        request: Request<WatchJobRequest>,
    ) -> Result<Response<Self::WatchJobStream>, Status> {
        let call = format!("WatchJob from {:?}", request.into_inner().resume_token);
        self.0.calls.lock().unwrap().push(call);
        match self.next() {
            Answer::Stream(messages, end) => {
                let messages = messages.into_iter().map(Ok).chain(end.map(Err));
                Ok(Response::new(stream::iter(messages).boxed()))
            }
            Answer::Fail(status) => Err(status),
            Answer::Silence => Ok(Response::new(stream::pending().boxed())),
            Answer::Break => {
                self.cut();
                std::future::pending().await
            }
            Answer::Ok => panic!("a watch is answered with a stream"),
        }
    }

    async fn list_jobs(
        &self,
        _: Request<ListJobsRequest>,
    ) -> Result<Response<ListJobsResponse>, Status> {
        Err(Status::unimplemented("not in the script"))
    }

    async fn list_job_changes(
        &self,
        _: Request<ListJobChangesRequest>,
    ) -> Result<Response<ListJobChangesResponse>, Status> {
        Err(Status::unimplemented("not in the script"))
    }

    async fn wait_job(
        &self,
        _: Request<WaitJobRequest>,
    ) -> Result<Response<WaitJobResponse>, Status> {
        Err(Status::unimplemented("not in the script"))
    }
}

#[tonic::async_trait]
impl ResyncService for Scripted {
    async fn preview_resync(
        &self,
        request: Request<PreviewResyncRequest>,
    ) -> Result<Response<PreviewResyncResponse>, Status> {
        self.saw("PreviewResync", &request);
        self.saw_id(&request.get_ref().request_id);
        self.answer(PreviewResyncResponse::default()).await
    }

    async fn run_resync(
        &self,
        request: Request<RunResyncRequest>,
    ) -> Result<Response<RunResyncResponse>, Status> {
        self.saw("RunResync", &request);
        self.saw_id(&request.get_ref().request_id);
        self.answer(RunResyncResponse::default()).await
    }
}

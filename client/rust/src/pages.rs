//! Lists, page by page, as one stream. Nothing is read ahead: a page is asked for when the one
//! before it has been taken.

use std::{collections::VecDeque, future::Future};

use futures::stream::{self, BoxStream, StreamExt};

use crate::error::Error;

/// The items of a list, in order. After an error there are none.
pub type Items<Item> = BoxStream<'static, Result<Item, Error>>;

/// One page: its items, and the token of the next page, empty on the last.
pub(crate) type Page<Item> = (Vec<Item>, String);

struct Reader<Item, Fetch> {
    fetch: Fetch,
    ready: VecDeque<Item>,
    // `None` after the last page.
    token: Option<String>,
}

pub(crate) fn items<Item, Fetch, Fetched>(fetch: Fetch) -> Items<Item>
where
    Item: Send + 'static,
    Fetch: Fn(String) -> Fetched + Send + 'static,
    Fetched: Future<Output = Result<Page<Item>, Error>> + Send,
{
    let reader = Reader {
        fetch,
        ready: VecDeque::new(),
        token: Some(String::new()),
    };
    stream::try_unfold(reader, |mut reader| async move {
        loop {
            if let Some(item) = reader.ready.pop_front() {
                return Ok(Some((item, reader)));
            }
            let Some(token) = reader.token.take() else {
                return Ok(None);
            };
            let (items, next) = (reader.fetch)(token).await?;
            reader.ready = items.into();
            reader.token = Some(next).filter(|token| !token.is_empty());
        }
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;
    use tonic::Status;

    use super::*;

    async fn page(token: String) -> Result<Page<u32>, Error> {
        match token.as_str() {
            "" => Ok((vec![1, 2], "second".to_owned())),
            // A filter may leave a page empty that is not the last.
            "second" => Ok((vec![], "third".to_owned())),
            "third" => Ok((vec![3], String::new())),
            _ => panic!("asked for a page after the last"),
        }
    }

    #[tokio::test]
    async fn all_pages_are_one_list() {
        assert_eq!(
            items(page).try_collect::<Vec<_>>().await.unwrap(),
            [1, 2, 3]
        );
    }

    #[tokio::test]
    async fn an_error_ends_the_list_after_what_came_before_it() {
        let failing = |token: String| async move {
            if token.is_empty() {
                Ok((vec![1], "second".to_owned()))
            } else {
                Err(Error::from(Status::aborted("the version is gone")))
            }
        };
        let mut list = items(failing);
        assert_eq!(list.next().await.unwrap().unwrap(), 1);
        assert_eq!(
            list.next().await.unwrap().unwrap_err().to_string(),
            "the version is gone"
        );
        assert!(list.next().await.is_none());
    }
}
